import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ipBatch } from '../../../components/host/ip.ts';
import { monitor } from '../../../components/host/monitor.ts';
import { run } from '../../../components/host/run.ts';
import { watchSysctls, writeSysctl } from '../../../components/host/sysctl.ts';
import { bundle, start } from '../bundle.ts';
import { until } from './until.ts';

jest.setTimeout(60_000);

/** The real ip and nft and the real kernel, in a network namespace of its own (root is needed). */
const NAMESPACE = `fbt-${process.pid}-monitor`;
const NETNS = `/run/netns/${NAMESPACE}`;
const LINKS = ['ip', '-4', '-o', 'monitor', 'link', 'address', 'route', 'netconf'];
const RULES = ['nft', 'monitor'];

beforeAll(() => run(['ip', 'netns', 'add', NAMESPACE]));
afterAll(() => run(['ip', 'netns', 'delete', NAMESPACE]));

const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

/** Listens, and is there when everything is noticed from now on. */
async function listening(argv: readonly string[]) {
  const stop = new AbortController();
  stops.push(stop);
  const began = jest.fn();
  const noticed = jest.fn();
  const lines: string[] = [];
  const concerns = (line: string) => lines.push(line) > 0;
  const ended = monitor(argv, { began, noticed }, { netns: NETNS, concerns, signal: stop.signal });
  ended.catch(() => undefined);
  await until('it has subscribed', () => began.mock.calls.length > 0);
  return { stop, noticed, lines, ended };
}

const inside = (...argv: readonly string[]) => run(argv, { netns: NETNS });
const writeInside = (path: string, value: string) => inside('sh', '-c', `echo ${value} > /proc/sys/${path}`);

/** Whoever is in the namespace. */
const inhabitants = async () => (await run(['ip', 'netns', 'pids', NAMESPACE])).trim();

const LINK_CHANGES: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['a link is added', () => inside('ip', 'link', 'add', 'name', 'm0', 'type', 'bridge')],
  ['it gets an address', () => inside('ip', 'address', 'add', '10.9.0.1/24', 'dev', 'm0')],
  ['it is raised', () => inside('ip', 'link', 'set', 'dev', 'm0', 'up')],
  ['a route is added', () => inside('ip', 'route', 'add', 'default', 'via', '10.9.0.2')],
  ['a route is removed', () => inside('ip', 'route', 'delete', 'default')],
  ['its forwarding is switched', () => writeInside('net/ipv4/conf/m0/forwarding', '1')],
  ['forwarding of all is switched', () => writeInside('net/ipv4/ip_forward', '1')],
  ['the link is removed', () => inside('ip', 'link', 'delete', 'm0')],
];

test('ip monitor notices each change of links, addresses, routes and forwarding', async () => {
  const { noticed } = await listening(LINKS);
  for (const [what, change] of LINK_CHANGES) {
    noticed.mockClear();
    await change();
    await until(what, () => noticed.mock.calls.length > 0);
  }
});

test('nft monitor notices each change of rules, also that all are flushed', async () => {
  const { noticed } = await listening(RULES);
  for (const change of [
    ['add', 'table', 'inet', 't'],
    ['add', 'chain', 'inet', 't', 'c'],
    ['add', 'rule', 'inet', 't', 'c', 'drop'],
    ['flush', 'ruleset'],
  ]) {
    noticed.mockClear();
    await inside('nft', ...change);
    await until(change.join(' '), () => noticed.mock.calls.length > 0);
  }
});

test.each([
  ['ip monitor', LINKS, ['ip', 'route', 'add', 'blackhole', '10.9.9.0/24'], 'blackhole 10.9.9.0/24'],
  ['nft monitor', RULES, ['nft', 'add', 'table', 'inet', 'another'], 'add table inet another'],
])('%s: looking is no event', async (_name, argv, change, line) => {
  const { lines } = await listening(argv);
  await inside('ip', '-j', '-d', 'addr', 'show');
  await inside('nft', '-s', 'list', 'ruleset');
  await inside('ip', '-j', '-4', 'route', 'show', 'default');
  // Had there been an event, it would be before this one.
  await inside(...change);
  await until('the last event', () => lines.length > 0);
  expect(lines[0]?.trim()).toBe(line);
});

test('told to end, its process ends, and the namespace is empty', async () => {
  const { stop, ended } = await listening(LINKS);
  expect(await inhabitants()).not.toBe('');
  stop.abort();
  await ended;
  expect(await inhabitants()).toBe('');
});

test('a monitor that is killed by somebody is an error with its name', async () => {
  const { ended } = await listening(RULES);
  process.kill(Number(await inhabitants()), 'SIGTERM');
  await expect(ended).rejects.toThrow(/^nft monitor ended: SIGTERM/);
});

test('a program that can’t do it is an error with its words; one that isn’t there, too', async () => {
  const listener = { began: jest.fn(), noticed: jest.fn() };
  const { signal } = new AbortController();
  await expect(monitor(['ip', 'monitor', 'nonsense'], listener, { signal })).rejects.toThrow(/nonsense/);
  await expect(monitor(['/nowhere/ip'], listener, { signal })).rejects.toThrow(/No such file/);
  await expect(monitor(LINKS, listener, { netns: '/nowhere', signal })).rejects.toThrow(/No such file/);
  expect(listener.began).not.toHaveBeenCalled();
});

test('kill -9 of who listens ends the monitor, which would keep the namespace alive', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'firebreak-monitor-'));
  try {
    const program = join(directory, 'listen.cjs');
    bundle(
      `import { monitor } from './components/host/monitor.ts';
       const began = () => console.log('began');
       monitor(['ip', 'monitor', 'link'], { began, noticed() {} }, { netns: process.argv[2], signal: new AbortController().signal });`,
      program,
    );
    const child = start(program, [NETNS]);
    await once(child.stdout, 'data');
    expect(await inhabitants()).not.toBe('');
    child.kill('SIGKILL');
    await until('nobody is left', async () => (await inhabitants()) === '');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a sysctl that changes is noticed, one that vanishes, too, and nothing else', async () => {
  const stop = new AbortController();
  const noticed = jest.fn();
  const name = `fbt${process.pid % 100_000}`;
  const paths = [`net/ipv4/conf/${name}/arp_ignore`, `net/ipv4/conf/${name}/forwarding`, 'net/bridge/nowhere'];
  await ipBatch([`link add name ${name} type bridge`]);
  try {
    const ended = watchSysctls(() => paths, { began: () => undefined, noticed }, { everyMs: 1, signal: stop.signal });
    await writeSysctl(`net/ipv4/conf/${name}/arp_ignore`, '8');
    await until('the changed value', () => noticed.mock.calls.length === 1);
    await writeSysctl(`net/ipv4/conf/${name}/arp_ignore`, '8');
    await ipBatch([`link delete ${name}`]);
    await until('that it vanished', () => noticed.mock.calls.length === 2);
    stop.abort();
    await ended;
  } finally {
    stop.abort();
  }
});
