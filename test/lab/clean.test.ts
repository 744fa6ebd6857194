import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Machine } from '../../lib/lab/machine/machine.ts';
import { thisMachine } from '../../lib/lab/machine/this-machine.ts';
import { example, openLab, ROOT } from './support.ts';

jest.setTimeout(600_000);

/** A second lab beside that of the tests. */
const NAME = `beside-${process.pid % 10_000}`;
const firebreak = [join(ROOT, 'bin/firebreak'), 'lab'];
const named = ['--name', NAME];
const outer = thisMachine();

const down = () => outer.run([process.execPath, ...firebreak, 'down', ...named]);

/** What a lab could leave behind on a machine, as text. */
async function stateOf({ run }: Pick<Machine, 'run'>): Promise<Readonly<Record<string, string>>> {
  const commands = {
    links: "ip -o link | awk -F': ' '{ print $2 }'",
    namespaces: 'ip netns list',
    addresses: 'ip -o -4 addr',
    routes: 'ip route show table all',
    rulesets: 'nft list tables',
    sysctls: 'grep -r . /proc/sys/net/ipv4/conf /proc/sys/net/ipv4/ip_forward 2>/dev/null | sort',
    mounts: 'cat /proc/mounts',
    // The brackets keep the search from finding itself.
    processes: `grep -al '[${NAME.charAt(0)}]${NAME.slice(1)}' /proc/[0-9]*/cmdline 2>/dev/null || true`,
    directories: `ls /run/firebreak /var/lib/firebreak /run/netns /sys/fs/cgroup /tmp 2>/dev/null | grep -F -- ${NAME} || true`,
  };
  const found: Record<string, string> = {};
  for (const [what, command] of Object.entries(commands)) {
    // Other tests may make and remove namespaces of their own meanwhile.
    const lines = (await run(['sh', '-c', command])).stdout.split('\n').filter((line) => !/\bfb[bt]-\d/.test(line));
    found[what] = lines.sort().join('\n');
  }
  return found;
}

/** Starts `lab up` and waits until it says that. */
async function upUntil(words: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...firebreak, 'up', ...named], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      said += chunk;
      if (said.includes(words)) resolve();
    });
    child.once('close', () => reject(new Error(`lab up ended without saying "${words}": ${said}`)));
  });
  return child;
}

describe('beside the lab of the tests', () => {
  let before: Awaited<ReturnType<typeof stateOf>>;
  beforeAll(async () => {
    before = await stateOf(outer);
  });
  afterEach(down);

  test('Ctrl-C while a lab comes up takes it down again', async () => {
    const child = await upUntil('truck, switch, devices');
    child.kill('SIGINT');
    const [exitCode] = (await once(child, 'close')) as [number];
    expect(exitCode).toBe(1);
    expect(await stateOf(outer)).toEqual(before);
  });

  test('after a crash while a lab comes up, lab down removes what it had made', async () => {
    const child = await upUntil('truck, switch, devices');
    child.kill('SIGKILL');
    await once(child, 'close');
    await down();
    expect(await stateOf(outer)).toEqual(before);
  });
});

test('a second lab on the very kernel of the first stands beside it, and leaves nothing behind', async () => {
  const lab = await openLab();
  const before = await stateOf(lab.machine);
  const inMachine = async (argv: readonly string[], input = '') =>
    (await lab.exec('truck', ['nsenter', '--target', '1', '--net', 'firebreak', 'lab', ...argv], { input })).stdout;
  await inMachine(['up', ...named, '--kernel', 'this-machine', '-'], example('station.yaml'));
  expect(await inMachine(['exec', ...named, 'tablet', '--', 'ip', '-4', '-o', 'addr'])).toContain('10.20.10.');
  expect(await inMachine(['exec', ...named, 'truck', '--', 'docker', 'image', 'ls'])).toContain('alpine');
  await inMachine(['down', ...named]);
  expect(await stateOf(lab.machine)).toEqual(before);
});
