import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Moment } from '../../../components/network-manager/checkpoint.ts';
import { dismissGuards, standGuard, startGuard } from '../../../components/network-manager/guard.ts';
import { bundle, start } from '../bundle.ts';
import { until } from '../host/until.ts';

const directory = mkdtempSync(join(tmpdir(), 'firebreak-guard-'));
const markers = join(directory, 'guards');
const done = join(directory, 'done');
const DEADLINE: Moment = { boot: 'this', uptimeMs: 1234 };

beforeEach(() => rmSync(done, { force: true }));
afterAll(async () => {
  await dismissGuards(markers);
  await until('the guards have gone', () => guards().length === 0);
  rmSync(directory, { recursive: true });
});

/** Processes that are a guard of this test, by ID. */
function guards(): readonly number[] {
  const commandLine = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    } catch {
      return [];
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => commandLine(name).includes('firebreak-guard') && commandLine(name).join().includes(markers))
    .map(Number);
}

/** From proc(5), stat: parent and session of a process. */
function relations(pid: number): { readonly parent: number; readonly session: number } {
  const [, parent, , session] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .map(Number);
  return { parent: parent ?? 0, session: session ?? 0 };
}

test('a guard that nobody dismissed becomes its program at the deadline', async () => {
  await startGuard(['sh', '-c', `echo too late; echo "$0" > ${done}`, 'now'], markers, DEADLINE, 1000);
  expect(existsSync(done)).toBe(false);
  await until('it has become its program', () => existsSync(done) && readFileSync(done, 'utf8') === 'now\n');
  await until('what it said is kept', () => readFileSync(join(directory, 'guard.log'), 'utf8') === 'too late\n');
});

test('a guard that was dismissed ends long before the deadline, and does nothing', async () => {
  await startGuard(['touch', done], markers, DEADLINE, 600_000);
  await until('it is there', () => guards().length === 1);
  await dismissGuards(markers);
  await until('it has gone', () => guards().length === 0);
  expect(existsSync(done)).toBe(false);
});

test('a guard is nobody’s child, in a session of its own, and outlives a kill -9 of who started it', async () => {
  const program = join(directory, 'starter.cjs');
  bundle(
    `import { startGuard } from './components/network-manager/guard.ts';
     const [markers = '', done = ''] = process.argv.slice(2);
     void startGuard(['touch', done], markers, { boot: 'this', uptimeMs: 99 }, 2000).then(() => {
       console.log('started');
       setInterval(() => undefined, 1000);
     });`,
    program,
  );
  const starter = start(program, [markers, done]);
  await once(starter.stdout, 'data');
  const [guard = 0] = guards();
  const { parent, session } = relations(guard);
  expect(parent).not.toBe(starter.pid);
  expect(session).toBe(guard);
  starter.kill('SIGKILL');
  await once(starter, 'exit');
  await until('the guard has done its work', () => existsSync(done));
});

test('standing guard goes on until it is done, however often that fails, and says why', async () => {
  const said: string[] = [];
  const outcomes = [new Error('Docker: no answer'), 700, new Error('Docker: no answer'), 0];
  const pauses: number[] = [];
  await standGuard(
    async () => {
      const outcome = outcomes.shift() ?? 0;
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    (why) => said.push(why),
    async (milliseconds) => void pauses.push(milliseconds),
  );
  expect(pauses).toEqual([1000, 700, 1000]);
  expect(said).toEqual(['Docker: no answer', 'Docker: no answer']);
});

test('a guard that can’t be started is an error', async () => {
  writeFileSync(join(directory, 'blocked'), '');
  await expect(startGuard(['true'], join(directory, 'blocked'), DEADLINE, 1000)).rejects.toThrow('EEXIST');
});
