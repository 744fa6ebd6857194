import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  getConfiguration,
  numberIn,
  onConfiguration,
  onUpdate,
  updateState,
} from '../../../../components/host/ipc/component.ts';
import { GreengrassIpc } from '../../../../components/host/ipc/greengrass-ipc.ts';
import { CloudEcho, publishToIotCore } from '../../../../components/host/ipc/iot-core.ts';
import { ipcErrorOf } from '../../../../components/host/ipc/ipc-error.ts';
import { getShadow, onDelta, updateReported } from '../../../../components/host/ipc/shadow.ts';
import { ShadowReporter } from '../../../../components/host/ipc/shadow-reporter.ts';
import { echoTopic, networkManagerAccess, shadowTopic } from '../../../../lib/shadow/index.ts';
import { newClient } from '../../../lib/lab/greengrass/ipc/client.ts';
import { until } from '../until.ts';
import { ComponentNucleus, THING } from './nucleus.ts';

/** Contract tests: the adapter, with the official client in it, against the lab's nucleus. */
const COMPONENT = 'network-manager';
const PACE = { connectMs: 2000, callMs: 2000, retryMs: [20, 200] } as const;
const DELTA = `${shadowTopic(THING, 'network')}/update/delta`;

let nucleus: ComponentNucleus;
let ipc: GreengrassIpc;
let stop: AbortController;
let running: Promise<void>;
const said: string[] = [];

beforeEach(async () => {
  said.length = 0;
  nucleus = new ComponentNucleus(COMPONENT, networkManagerAccess(THING), { confirmWithinSeconds: 60 });
  await nucleus.begin();
  stop = new AbortController();
  ipc = new GreengrassIpc({
    say: (_event, why) => said.push(why),
    pace: PACE,
    newClient: nucleus.newClient(COMPONENT),
  });
});
afterEach(async () => {
  stop.abort();
  await running;
  await nucleus.end();
});
const run = async () => {
  running = ipc.run(stop.signal);
  await ipc.connected(stop.signal);
};
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: { code?: string }) => error.code,
  );

test('a shadow that isn’t there is none; what is reported and desired is read', async () => {
  await run();
  expect(await getShadow(ipc, THING, 'network')).toBeNull();
  await updateReported(ipc, THING, 'network', { status: 'applied' });
  await nucleus.desire('network', { sequence: 2 });
  expect(await getShadow(ipc, THING, 'network')).toEqual({
    desired: { sequence: 2 },
    reported: { status: 'applied' },
  });
});

test('what the nucleus refuses is known by its code', async () => {
  await run();
  expect(await codeOf(getShadow(ipc, 'another-truck', 'network'))).toBe('UnauthorizedError');
  expect(await codeOf(publishToIotCore(ipc, 'somewhere/else', 'x'))).toBe('UnauthorizedError');
  expect(await codeOf(updateReported(ipc, THING, 'network', { x: 'x'.repeat(9000) }))).toMatch(/Error$/);
});

test('a delta is told, and so is the beginning, when nobody knows what was missed', async () => {
  let calls = 0;
  onDelta(ipc, DELTA, () => calls++);
  await run();
  await until('the subscription has begun', () => calls === 1);
  await nucleus.desire('network', { sequence: 2 });
  await until('the delta has come', () => calls >= 2);
});

test('the configuration is read whole, and told when it changes', async () => {
  let calls = 0;
  onConfiguration(ipc, () => calls++);
  await run();
  await until('the subscription has begun', () => calls === 1);
  expect(numberIn(await getConfiguration(ipc), 'confirmWithinSeconds')).toBe(60);
  const { configurations } = nucleus.nucleus;
  configurations.set(COMPONENT, { ...configurations.get(COMPONENT), confirmWithinSeconds: 90 });
  await until('the change was told', () => calls >= 2);
  expect(await getConfiguration(ipc)).toMatchObject({ confirmWithinSeconds: 90 });
});

test.each([
  [60, 60],
  ['60', 60],
  ['', null],
  ['soon', null],
  [undefined, null],
])('%p of a configuration is the number %p', (value, expected) => {
  expect(numberIn({ key: value }, 'key')).toBe(expected);
});

test('states are told, and an update is answered at once: it waits while something is under way', async () => {
  let deferMs = 30_000;
  onUpdate(
    ipc,
    () => deferMs,
    (_event, why) => said.push(why),
  );
  await run();
  await updateState(ipc, 'RUNNING');
  expect(nucleus.states).toEqual(['RUNNING']);
  await until('it listens', () => nucleus.updates.isListening(COMPONENT));
  expect(await nucleus.updates.announce('d1', 5000)).toEqual([{ component: COMPONENT, recheckAfterMs: 30_000 }]);
  deferMs = 0;
  expect(await nucleus.updates.announce('d2', 5000)).toEqual([{ component: COMPONENT, recheckAfterMs: 0 }]);
  expect(said).toEqual([]);
});

test('the cloud is alive when a word comes back from it, and else it is not', async () => {
  const echo = new CloudEcho(ipc, echoTopic(THING));
  await run();
  await until('it listens', () => nucleus.cloud.subscribed.length === 1);
  expect(await echo.isAlive(2000)).toBe(true);
  nucleus.cloud.isConnected = false;
  expect(await echo.isAlive(50)).toBe(false);
  await nucleus.stop();
  expect(await echo.isAlive(50)).toBe(false);
});

test('when the nucleus comes back, everything goes on with a new client: calls, subscriptions, and what was told meanwhile', async () => {
  let calls = 0;
  onDelta(ipc, DELTA, () => calls++);
  const reporter = new ShadowReporter(ipc, THING, 'network', () => undefined);
  await run();
  await until('the subscription has begun', () => calls === 1);
  await nucleus.stop();
  await until('the loss is noticed', () => said.some((why) => why.includes('lost')));
  expect(await codeOf(getShadow(ipc, THING, 'network'))).toBe('Unreachable');
  const reporting = reporter.run(stop.signal);
  for (const status of ['applying', 'applied']) reporter.tell({ document: { status }, key: status, headline: status });
  await nucleus.begin();
  await until('it is subscribed again', () => calls >= 2);
  await until('the newest was reported', () => nucleus.shadow('network').reported?.status === 'applied');
  expect(await getShadow(ipc, THING, 'network')).toMatchObject({ reported: { status: 'applied' } });
  stop.abort();
  await reporting;
});

describe('a nucleus that hangs', () => {
  let server: Server;
  const sockets = new Set<Socket>();

  /** Takes connections and never says anything. */
  async function listen(): Promise<string> {
    const path = join(nucleus.nucleus.socket, '..', 'hanging.socket');
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    return path;
  }
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => server.close(resolve));
  });

  test('holds nobody up: connecting is given up and tried again', async () => {
    const path = await listen();
    const pace = { ...PACE, connectMs: 100 };
    const hanging = new GreengrassIpc({
      say: (_event, why) => said.push(why),
      pace,
      newClient: () => newClient(path, 'x'),
    });
    running = hanging.run(stop.signal);
    await until('it was tried twice', () => sockets.size >= 2);
    expect(said[0]).toContain('TimedOut');
    expect(await codeOf(getShadow(hanging, THING, 'network'))).toBe('Unreachable');
  });
});

test('a call that nobody answers ends in time, and one that is under way when the connection is lost, too', async () => {
  await run();
  const hanging = () => new Promise<never>(() => undefined);
  expect(await codeOf(ipc.call('Nothing', hanging, 50))).toBe('TimedOut');
  const lost = codeOf(ipc.call('Nothing', hanging, 10_000));
  await nucleus.stop();
  expect(await lost).toBe('Unreachable');
});

test('nucleus lite’s errors, which say less, are known, too', () => {
  const lite = { serviceError: { _errorCode: 'ResourceNotFoundError', _message: 'no such key' } };
  expect(ipcErrorOf('GetConfiguration', lite)).toMatchObject({
    code: 'ResourceNotFoundError',
    message: 'Greengrass IPC: GetConfiguration: ResourceNotFoundError: no such key',
  });
});
