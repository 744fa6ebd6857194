import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { LockedError, withLock } from '../../../components/network-manager/lock.ts';
import { bundle, start } from '../bundle.ts';

/** Many processes, on a machine that may be busy. */
jest.setTimeout(30_000);

const directory = mkdtempSync(join(tmpdir(), 'firebreak-lock-'));
const path = join(directory, 'state', 'lock');
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(() => {
  bundle(HOLDER, join(directory, 'holder.cjs'));
  bundle(`import './bin/main.ts'`, join(directory, 'firebreak.cjs'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await ended(child, 'SIGKILL');
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Takes the lock, says so, and lets go when its input ends. */
const HOLDER = `
  import { withLock } from './components/network-manager/lock.ts';
  withLock(process.argv[2], () => new Promise((resolve) => {
    console.log('held');
    process.stdin.resume().once('end', resolve);
  }), { patienceMs: 60000 });
`;

/** A real process: as another `firebreak apply` would be. */
function begin(file: string, ...args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = start(join(directory, file), args);
  children.push(child);
  return child;
}

async function holder(): Promise<ChildProcessWithoutNullStreams> {
  const child = begin('holder.cjs', path);
  await once(child.stdout, 'data');
  return child;
}

async function ended(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, 'exit');
  child.kill(signal);
  await end;
}

async function refusal(patienceMs: number): Promise<LockedError> {
  const fault: unknown = await withLock(path, () => Promise.resolve('in'), { patienceMs }).catch(
    (error: unknown) => error,
  );
  expect(fault).toBeInstanceOf(LockedError);
  return fault as LockedError;
}

test('nobody there: the lock’s directory is made, and the result is given', async () => {
  expect(await withLock(path, () => Promise.resolve(7))).toBe(7);
});

test('a second one waits, is told for whom, and goes on when the first lets go', async () => {
  const first = await holder();
  const onWait = jest.fn((_who: string) => void first.stdin.end());
  expect(await withLock(path, () => Promise.resolve('in'), { onWait })).toBe('in');
  expect(onWait.mock.calls).toEqual([[`process ${first.pid}`]]);
});

test('a second one that has waited long enough is refused, and says who holds it', async () => {
  const first = await holder();
  const fault = await refusal(120);
  expect(fault.holder).toBe(first.pid);
  expect(fault.message).toBe(`this truck is being changed by process ${first.pid}; waited 0.12 s, nothing was changed`);
});

test('kill -9 lets go at once: whoever waits goes on', async () => {
  const first = await holder();
  const onWait = () => void first.kill('SIGKILL');
  expect(await withLock(path, () => Promise.resolve('in'), { onWait })).toBe('in');
});

test('also in one process only one is in, and a failing one lets go', async () => {
  const order: string[] = [];
  let second: Promise<unknown> = Promise.resolve();
  const failing = withLock(path, async () => {
    order.push('first in');
    second = withLock(path, async () => void order.push('second in'));
    await refusal(120);
    order.push('first out');
    throw new Error('it failed');
  });
  await expect(failing).rejects.toThrow('it failed');
  await second;
  expect(order).toEqual(['first in', 'first out', 'second in']);
});

test('who waits can be told to stop', async () => {
  await holder();
  const stop = new AbortController();
  const waiting = withLock(path, () => Promise.resolve('in'), {
    signal: stop.signal,
    onWait: () => stop.abort(new Error('enough')),
  });
  await expect(waiting).rejects.toThrow(/enough|aborted/);
});

test('of twenty processes at once one after the other is in', async () => {
  const crowd = Array.from({ length: 20 }, () => begin('holder.cjs', path));
  const outputs = await Promise.all(
    crowd.map((child) => {
      // Its input ends only when it is in: two that are in at once would both say so.
      child.stdout.once('data', () => {
        inside++;
        most = Math.max(most, inside);
        setImmediate(() => {
          inside--;
          child.stdin.end();
        });
      });
      return text(child.stdout);
    }),
  );
  expect(outputs).toEqual(crowd.map(() => 'held\n'));
  expect(most).toBe(1);
});
let inside = 0;
let most = 0;

test('firebreak down --wait 0.1 is refused with exit code 1 and names the process, before it looks at the truck', async () => {
  const first = await holder();
  const second = begin(
    'firebreak.cjs',
    'down',
    '--wait',
    '0.1',
    '--state',
    join(directory, 'state'),
    '--docker',
    'unix:///nowhere',
  );
  const said = await text(second.stderr);
  if (second.exitCode === null) await once(second, 'exit');
  expect(second.exitCode).toBe(1);
  expect(said).toContain(`this truck is being changed by process ${first.pid}: waiting up to 0.1 s`);
  expect(said).toContain('waited 0.1 s, nothing was changed');
});
