import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandsFor } from '../../../lib/cli/commands.ts';
import { commands, examplesIn, firebreak, parsed } from './support.ts';

const ROOT = join(__dirname, '../../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const said = (words: readonly string[]) => ['firebreak', ...words].join(' ');

/** In code blocks, and `within a sentence`. */
const README = examplesIn(read('README.md').replace(/`(firebreak [^`\n]+)`/g, '\n$1\n'));

describe.each(commands().map(({ words, command }) => [said(words), words, command] as const))(
  '%s --help',
  (_name, words, command) => {
    const help = () => firebreak(...words, '--help');

    test('ends well, on standard output', async () => {
      expect(await help()).toEqual({ exitCode: 0, stderr: '', stdout: expect.stringContaining(said(words)) });
    });

    test('has examples, and these parse', async () => {
      const [, after = ''] = (await help()).stdout.split(/^Examples?:$/m);
      const examples = examplesIn(after);
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) expect(parsed(example).command).toMatch(new RegExp(`^${words.join(' ')}`));
    });

    test('says what each command and each option is for', () => {
      expect(command.description()).toMatch(/\S/);
      for (const option of command.options) expect(option.description).toMatch(/\S/);
    });
  },
);

test('all of them are loaded where none is asked for by name', async () => {
  const loaded = (await commandsFor('--help')).map((command) => command.name());
  const tops = commands().flatMap(({ words }) => (words.length === 1 ? words : []));
  expect(loaded).toEqual(tops);
  expect(loaded.length).toBeGreaterThan(1);
});

test.each(commands().flatMap(({ words }) => (words.length === 1 ? words : [])))('%s is loaded alone', async (word) => {
  expect((await commandsFor(word)).map((command) => command.name())).toEqual([word]);
});

describe('README.md', () => {
  test('shows the commands that there are', () => {
    const leaves = commands().filter(({ command }) => command.commands.length === 0);
    const shown = README.map((words) => parsed(words).command);
    const rarelyNeeded = ['policy schema', 'policy compile', 'demo', 'guard'];
    expect(new Set([...shown, ...rarelyNeeded])).toEqual(new Set(leaves.map(({ words }) => words.join(' '))));
  });

  test.each(README.map((words) => [said(words), words] as const))('%s parses', (_line, words) => {
    expect(words.join(' ')).toMatch(new RegExp(`^${parsed(words).command}`));
  });

  test('names no policy that is not there', () => {
    const files = [...read('README.md').matchAll(/examples\/[\w.-]+/g)].map(([file]) => file);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
  });

  test('names no script that package.json lacks', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read('README.md').matchAll(/npm run ([\w:]+)/g)].map(([, script = '']) => script);
    expect(named.length).toBeGreaterThan(0);
    for (const script of named) expect(scripts).toHaveProperty([script]);
  });
});

test('the examples’ comments name commands that parse', () => {
  const lines = readdirSync(join(ROOT, 'examples')).flatMap((file) =>
    [...read(`examples/${file}`).matchAll(/: firebreak (.*)/g)].map(([, rest = '']) => rest.split(' ')),
  );
  expect(lines.map((words) => parsed(words))).toEqual([
    { command: 'policy check', args: ['examples/article.yaml'] },
    { command: 'policy show', args: ['examples/truck-patch.yaml'] },
    { command: 'policy check', args: ['examples/station.yaml'] },
    { command: 'policy check', args: ['examples/truck-patch.yaml'] },
  ]);
});

test('what is no command, argument or option of ours does not parse', () => {
  for (const wrong of [
    ['fly'],
    ['apply'],
    ['apply', '--fast', 'POLICY'],
    ['policy', 'check', 'A', 'B'],
    ['down', 'POLICY'],
  ]) {
    expect(() => parsed(wrong)).toThrow();
  }
});
