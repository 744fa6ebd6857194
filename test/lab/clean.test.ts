import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './support.ts';

jest.setTimeout(300_000);

/** A second lab beside that of the tests. */
const NAME = `beside-${process.pid % 10_000}`;
const firebreak = [join(ROOT, 'bin/firebreak'), 'lab'];
const named = ['--name', NAME];

const lab = (...argv: readonly string[]) =>
  execFileSync(process.execPath, [...firebreak, ...argv], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
const say = (file: string, ...argv: readonly string[]) => execFileSync(file, argv, { encoding: 'utf8' });

/** What a lab could leave behind on this machine. */
function machineState(): Readonly<Record<string, unknown>> {
  const links = JSON.parse(say('ip', '-j', 'link')) as { readonly ifname: string; readonly link_netnsid?: number }[];
  return {
    links: links.map(({ ifname }) => ifname),
    namespaces: say('ip', 'netns', 'list').replace(/ \(id: \d+\)/g, ''),
    addresses: say('ip', '-o', 'addr').replace(/(valid|preferred)_lft \S+/g, ''),
    routes: say('ip', 'route', 'show', 'table', 'all'),
    rulesets: say('nft', 'list', 'tables'),
    sysctls: say('sh', '-c', 'grep -r . /proc/sys/net/ipv4/conf /proc/sys/net/ipv4/ip_forward 2>/dev/null | sort'),
    mounts: readFileSync('/proc/self/mounts', 'utf8'),
    processes: readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .map((pid) => commandLine(pid))
      .filter((line) => line.includes(NAME)),
    directories: ['/run/firebreak', '/var/lib/firebreak', '/run/netns', '/tmp']
      .filter((directory) => existsSync(directory))
      .flatMap((directory) => readdirSync(directory).filter((name) => /firebreak|^fb|beside/.test(name))),
  };
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    // It has ended since.
    return '';
  }
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

let before: ReturnType<typeof machineState>;
beforeAll(() => {
  before = machineState();
});
afterEach(() => {
  lab('down', ...named);
});

test('a second lab stands beside the first, and after lab down the machine is what it was', () => {
  lab('up', ...named, 'examples/station.yaml');
  expect(lab('status', ...named)).toContain('tablet');
  expect(lab('exec', ...named, 'tablet', '--', 'ip', '-4', '-o', 'addr')).toContain('10.20.10.');
  const first = process.env.FIREBREAK_TEST_LAB ?? '';
  expect(lab('exec', '--name', first, 'truck', '--', 'ip', '-o', 'link')).toContain('enp2s0');
  expect(lab('status', '--name', first)).not.toContain('tablet');
  lab('down', ...named);
  expect(machineState()).toEqual(before);
});

test('Ctrl-C while a lab comes up takes it down again', async () => {
  const child = await upUntil('truck, switch, devices');
  child.kill('SIGINT');
  const [exitCode] = (await once(child, 'close')) as [number];
  expect(exitCode).toBe(1);
  expect(machineState()).toEqual(before);
});

test('after a crash while a lab comes up, lab down removes what it had made', async () => {
  const child = await upUntil('truck, switch, devices');
  child.kill('SIGKILL');
  await once(child, 'close');
  lab('down', ...named);
  expect(machineState()).toEqual(before);
});
