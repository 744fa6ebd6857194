import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundle, start } from '../../../components/bundle.ts';
import { until } from '../../../components/host/until.ts';

/** `firebreak lab fleet`, in a process of its own, until Ctrl-C. */
jest.setTimeout(180_000);

let build: string;
beforeAll(() => {
  build = mkdtempSync(join(tmpdir(), 'firebreak-lab-fleet-'));
  bundle("import './bin/main.ts';", join(build, 'firebreak', 'bundle.cjs'));
  bundle("import './lib/lab/cloud/process.ts';", join(build, 'cloud', 'cloud.cjs'));
  bundle("import './lib/lab/fleet/process.ts';", join(build, 'simulator', 'simulator.cjs'));
});
afterAll(() => rmSync(build, { recursive: true }));

/** The command with three trucks, as soon as they are connected. */
async function connected(...more: readonly string[]) {
  const host = `127.91.${(process.pid >> 8) & 255}.${process.pid & 255 || 1}`;
  const words = ['lab', 'fleet', '--trucks', '3', '--away', '0', '--host', host, '--json', ...more];
  const command = start(join(build, 'firebreak', 'bundle.cjs'), words);
  const said = { lastWords: '', environment: {} as Record<string, string> };
  command.stderr.on('data', (chunk: Buffer) => {
    said.lastWords += chunk.toString();
  });
  const ended = once(command, 'exit');
  for await (const line of createInterface({ input: command.stdout })) {
    const { environment, connected: count } = JSON.parse(line);
    said.environment = environment ?? said.environment;
    if (count === 3) break;
  }
  return { command, host, said, ended };
}

test('the command says how to speak of its fleet, tells how trucks get on, and leaves nothing', async () => {
  const { command, host, said, ended } = await connected();
  const { FIREBREAK_CA: authority = '' } = said.environment;
  expect(said.environment).toMatchObject({
    FIREBREAK_FLEET_ENDPOINT: `https://${host}:8443`,
    FIREBREAK_STAGE: 'lab',
  });
  expect(existsSync(authority)).toBe(true);
  command.kill('SIGINT');
  expect([await ended, said.lastWords]).toEqual([[0, null], '']);
  expect(existsSync(authority)).toBe(false);
});

test('killed, it leaves neither trucks nor cloud', async () => {
  const directory = join(build, 'kept');
  const { command, ended } = await connected('--directory', directory);
  const cloud = Number(readFileSync(join(directory, 'cloud.pid'), 'utf8'));
  expect(existsSync(`/proc/${cloud}`)).toBe(true);
  command.kill('SIGKILL');
  await ended;
  await until('the cloud has ended', () => !existsSync(`/proc/${cloud}`), 60_000);
});
