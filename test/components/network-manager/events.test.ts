import { type ChildProcess, spawn } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { Docker } from '../../../components/host/docker.ts';
import { run } from '../../../components/host/run.ts';
import { eventSources, isOurs } from '../../../components/network-manager/events.ts';
import { type Call, FakeEngine, json } from '../host/fake-engine.ts';
import { until } from '../host/until.ts';

jest.setTimeout(60_000);

const NAMESPACE = `fbt-${process.pid}-events`;
const NETNS = `/run/netns/${NAMESPACE}`;
const stops: AbortController[] = [];
let engine: FakeEngine;
let router: ChildProcess;
let calls: Call[];

/** An engine whose router is a process in a network namespace, and whose stream of events the test writes. */
const streams: ServerResponse[] = [];
beforeEach(async () => {
  await run(['ip', 'netns', 'add', NAMESPACE]);
  router = spawn('nsenter', [`--net=${NETNS}`, 'sleep', '1000']);
  await until('it is in there', async () => (await inhabitants()).includes(String(router.pid)));
  calls = [];
  engine = await FakeEngine.make('20.10', {
    'GET /events': (answer, call) => {
      calls.push(call);
      answer.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      streams.push(answer);
    },
    'GET /containers/router/json': (answer) => json(200, { State: { Running: true, Pid: router.pid } })(answer),
  });
  await engine.start();
});

afterEach(async () => {
  for (const stop of stops.splice(0)) stop.abort();
  router.kill('SIGKILL');
  streams.splice(0);
  await engine.remove();
  await run(['ip', 'netns', 'delete', NAMESPACE]);
});

const inhabitants = async () => (await run(['ip', 'netns', 'pids', NAMESPACE])).trim().split('\n').filter(Boolean);

/** Listens to the source of this name. */
function listenTo(name: string) {
  const source = eventSources(new Docker(engine.host), () => []).find((each) => each.name === name);
  if (source === undefined) throw new Error(`no source ${name}`);
  const stop = new AbortController();
  stops.push(stop);
  const began = jest.fn();
  const noticed = jest.fn();
  const ended = source.listen({ began, noticed }, stop.signal);
  ended.catch(() => undefined);
  return { stop, began, noticed, ended };
}

describe('Docker’s events', () => {
  test('are asked for by kind, and each is noticed', async () => {
    const { began, noticed, stop, ended } = listenTo('Docker');
    await until('the stream began', () => began.mock.calls.length === 1);
    const query = new URLSearchParams(calls[0]?.path.split('?')[1]);
    expect(JSON.parse(query.get('filters') ?? '')).toMatchObject({ type: ['container', 'network'] });
    expect(query.get('filters')).not.toMatch(/exec|health/);
    expect(noticed).not.toHaveBeenCalled();
    streams[0]?.write('{"Type":"network","Action":"disconnect"}\n');
    await until('the event', () => noticed.mock.calls.length === 1);
    stop.abort();
    await ended;
  });

  test('that end because the engine ends are an error; that it is not there, too', async () => {
    const { began, ended } = listenTo('Docker');
    await until('the stream began', () => began.mock.calls.length === 1);
    await engine.stop();
    await expect(ended).rejects.toThrow(/^Docker: GET \/events: /);
    await expect(listenTo('Docker').ended).rejects.toThrow(/no Docker Engine answers/);
  });

  test('that the engine refuses are an error with its words', async () => {
    await engine.remove();
    engine = await FakeEngine.make('20.10', { 'GET /events': json(400, { message: 'invalid filter' }) });
    await engine.start();
    await expect(listenTo('Docker').ended).rejects.toThrow('Docker: GET /events: 400 invalid filter');
  });
});

describe('events of links', () => {
  test('come from every namespace that has a veth to this one: from all containers, in one process', async () => {
    const port = `fbt${process.pid}`;
    await run(['ip', 'link', 'add', 'name', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NAMESPACE]);
    try {
      const { began, noticed, stop, ended } = listenTo('links');
      await until('the monitor began', () => began.mock.calls.length === 1);
      noticed.mockClear();
      await run(['ip', 'address', 'add', '10.0.1.44/24', 'dev', 'eth0'], { netns: NETNS });
      await until('the address inside', () => noticed.mock.calls.length > 0);
      stop.abort();
      await ended;
    } finally {
      await run(['ip', 'link', 'delete', 'dev', port]);
    }
  });

  test.each([
    ['[nsid current][LINK]2: br0: <BROADCAST,MULTICAST> mtu 1500', true],
    ['[nsid current][ADDR]Deleted 2: br0    inet 10.3.3.3/24 scope global br0', true],
    ['[nsid current][NETCONF]inet br0 forwarding on ', true],
    ['[nsid current][ROUTE]default via 192.168.50.1 dev wlan0 ', false],
    ['[nsid current][ROUTE]default via 198.19.0.1 dev fbhost proto 251 src 198.19.0.2 metric 10000 ', true],
    ['[nsid current][ROUTE]10.3.3.0/24 dev br0 proto kernel scope link src 10.3.3.3 ', false],
    ['[nsid current][ROUTE]Deleted local 10.3.3.3 dev br0 table local', false],
    ['[nsid 2][ROUTE]default via 10.0.1.1 dev if9 ', true],
    ['[nsid 2][ADDR]Deleted 9: if9    inet 10.0.1.4/24 brd 10.0.1.255 scope global eth0', true],
  ])('%s: matters: %s', (line, matters) => {
    expect(isOurs(line)).toBe(matters);
  });
});

describe('the router’s events', () => {
  test('are those of its links and of its rules', async () => {
    const { began, noticed } = listenTo('router');
    await until('both monitors began', () => began.mock.calls.length === 2);
    await run(['ip', 'link', 'set', 'dev', 'lo', 'up'], { netns: NETNS });
    await until('the link', () => noticed.mock.calls.length > 0);
    noticed.mockClear();
    await run(['nft', 'add', 'table', 'inet', 't'], { netns: NETNS });
    await until('the rule', () => noticed.mock.calls.length > 0);
  });

  test('are also those of its routing rules and its sysctls', async () => {
    const { began, noticed } = listenTo('router');
    await until('both monitors began', () => began.mock.calls.length === 2);
    await run(['ip', 'rule', 'add', 'pref', '50', 'lookup', '200'], { netns: NETNS });
    await until('the rule', () => noticed.mock.calls.length > 0);
    noticed.mockClear();
    // Of this the kernel tells nobody.
    await run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore'], { netns: NETNS });
    await until('the sysctl', () => noticed.mock.calls.length > 0);
  });

  test('end when the router ends, and nobody stays behind in its namespace', async () => {
    const { began, ended } = listenTo('router');
    await until('both monitors began', () => began.mock.calls.length === 2);
    router.kill('SIGKILL');
    await expect(ended).rejects.toThrow('the router has ended');
    expect(await inhabitants()).toEqual([]);
  });

  test('end when one of the two monitors ends: half of the events are none', async () => {
    const { began, ended } = listenTo('router');
    await until('both monitors began', () => began.mock.calls.length === 2);
    const monitor = (await inhabitants()).find((pid) => Number(pid) !== router.pid);
    process.kill(Number(monitor), 'SIGKILL');
    await expect(ended).rejects.toThrow(/monitor.* ended: SIGKILL/);
    expect(await inhabitants()).toEqual([String(router.pid)]);
  });
});
