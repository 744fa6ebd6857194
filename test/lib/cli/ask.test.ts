import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle } from '../../components/bundle.ts';
import { until } from '../../components/host/until.ts';

/** At a terminal of its own (script(1)): readline behaves otherwise without one. */
jest.setTimeout(60_000);
const directory = mkdtempSync(join(tmpdir(), 'firebreak-ask-'));
const program = join(directory, 'ask.cjs');
beforeAll(() => bundle("import './test/lib/cli/ask-process.ts';", program));
afterAll(() => rmSync(directory, { recursive: true }));

test.each([
  ['y', 'y\r', 0],
  ['yes, in capitals', 'YES\r', 0],
  ['n', 'n\r', 7],
  ['nothing', '\r', 7],
  ['Ctrl-C', '\u0003', 7],
  ['Ctrl-D', '\u0004', 7],
])('%s is an answer', async (_what, keys, exitCode) => {
  const terminal = spawn('script', ['-qec', `${process.execPath} ${program}`, '/dev/null']);
  let shown = '';
  terminal.stdout.on('data', (text: Buffer) => {
    shown += text.toString();
  });
  const ended = once(terminal, 'exit');
  await until('it asks', () => shown.includes('[y/N]'));
  terminal.stdin.write(keys);
  expect((await ended)[0]).toBe(exitCode);
  if (exitCode !== 0) expect(shown).toContain('nothing was written');
});
