import { type ChildProcess, spawn } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { Docker } from '../../../components/host/docker.ts';
import { run } from '../../../components/host/run.ts';
import { eventSources } from '../../../components/network-manager/events.ts';
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

describe('the router’s events', () => {
  const inhabitants = async () => (await run(['ip', 'netns', 'pids', NAMESPACE])).trim().split('\n').filter(Boolean);

  test('are those of its links and of its rules', async () => {
    const { began, noticed } = listenTo('router');
    await until('both monitors began', () => began.mock.calls.length === 2);
    await run(['ip', 'link', 'set', 'dev', 'lo', 'up'], { netns: NETNS });
    await until('the link', () => noticed.mock.calls.length > 0);
    noticed.mockClear();
    await run(['nft', 'add', 'table', 'inet', 't'], { netns: NETNS });
    await until('the rule', () => noticed.mock.calls.length > 0);
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
