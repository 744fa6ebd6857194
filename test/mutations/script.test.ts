import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES } from '../lib/truck/support.ts';
import { SCRIPT_MUTATIONS, withoutInScript } from './script.ts';

const textOf = (file: string) => readFileSync(join(EXAMPLES, '../components/router/root/usr/local', file), 'utf8');

test.each(SCRIPT_MUTATIONS.map((mutation) => [mutation.name, mutation] as const))(
  '%s: that stands in the script once, and without it the shell still reads it',
  (_name, mutation) => {
    const changed = withoutInScript(textOf(mutation.file), mutation);
    expect(() => execFileSync('sh', ['-n'], { input: changed, stdio: 'pipe' })).not.toThrow();
  },
);

test('no two take out the same', () => {
  const all = SCRIPT_MUTATIONS.map((mutation) => withoutInScript(textOf(mutation.file), mutation));
  expect(new Set(all).size).toBe(all.length);
});
