import { LocalTopics } from '../../../../../lib/lab/greengrass/ipc/local-topics.ts';
import { configurationOperations } from '../../../../../lib/lab/greengrass/ipc/operations/configuration.ts';
import { iotCoreOperations } from '../../../../../lib/lab/greengrass/ipc/operations/iot-core.ts';
import { lifecycleOperations } from '../../../../../lib/lab/greengrass/ipc/operations/lifecycle.ts';
import { localTopicOperations } from '../../../../../lib/lab/greengrass/ipc/operations/local-topics.ts';
import { UpdatePolicy } from '../../../../../lib/lab/greengrass/lifecycle/update-policy.ts';
import { Spooler } from '../../../../../lib/lab/greengrass/mqtt/spooler.ts';
import { until } from '../../../../components/host/until.ts';
import { FakeCloud } from '../mqtt/fake-cloud.ts';
import { type Client, faultOf } from './client.ts';
import { TestNucleus } from './nucleus.ts';

/** Contract tests: each operation with the official client. */
let nucleus: TestNucleus;
let topics: LocalTopics;
let cloud: FakeCloud;
let updates: UpdatePolicy;
let reported: unknown[];
let saved: number;
let a: Client;
let b: Client;

const permission = (service: string, operations: string[], resources: string[]) => ({
  [service]: { 'policy:1': { operations: operations.map((name) => `aws.greengrass#${name}`), resources } },
});
const QOS = { 0: '0', 1: '1' } as Record<0 | 1, never>;

beforeEach(async () => {
  nucleus = new TestNucleus();
  topics = new LocalTopics();
  cloud = new FakeCloud();
  updates = new UpdatePolicy();
  reported = [];
  saved = 0;
  const accessControl = {
    ...permission('aws.greengrass.ipc.pubsub', ['PublishToTopic', 'SubscribeToTopic'], ['local/#']),
    ...permission(
      'aws.greengrass.ipc.mqttproxy',
      ['PublishToIoTCore', 'SubscribeToIoTCore'],
      ['truck/+/up', 'truck/down'],
    ),
  };
  for (const name of ['a', 'b']) {
    nucleus.configurations.set(name, { accessControl, level: 3, nested: { deep: { list: [1] } } });
  }
  nucleus.configurations.update = async (component, tree) => {
    nucleus.configurations.set(component, tree);
    saved++;
  };
  await nucleus.serve({
    ...localTopicOperations(topics, nucleus.permit),
    ...iotCoreOperations(cloud, new Spooler(cloud), nucleus.permit),
    ...configurationOperations(nucleus.configurations),
    ...lifecycleOperations((component, state) => reported.push([component, state]), updates),
  });
  [a, b] = [await nucleus.connect('a'), await nucleus.connect('b')];
});
afterEach(() => nucleus.end());

describe('PublishToTopic and SubscribeToTopic', () => {
  async function listen(client: Client, topic: string, receiveMode?: string) {
    const heard: unknown[] = [];
    const stream = client.subscribeToTopic({ topic, ...(receiveMode && { receiveMode: receiveMode as never }) });
    stream.on('message', ({ jsonMessage, binaryMessage }) => {
      const bytes = binaryMessage?.message as Uint8Array | undefined;
      heard.push([
        jsonMessage?.context?.topic ?? binaryMessage?.context?.topic,
        jsonMessage?.message ?? Buffer.from(bytes ?? []).toString('latin1'),
      ]);
    });
    await stream.activate();
    return { heard, stream };
  }

  test('JSON and bytes arrive as they were sent, with their topic', async () => {
    const { heard } = await listen(b, 'local/x');
    await a.publishToTopic({ topic: 'local/x', publishMessage: { jsonMessage: { message: { ü: [1, null] } } } });
    const bytes = Buffer.from([0, 255, 128]);
    await a.publishToTopic({ topic: 'local/x', publishMessage: { binaryMessage: { message: bytes } } });
    await until('both are there', () => heard.length === 2);
    expect(heard).toEqual([
      ['local/x', { ü: [1, null] }],
      ['local/x', '\x00\xff\x80'],
    ]);
  });

  test.each([
    ['local/+/z', ['local/y/z']],
    ['local/#', ['local', 'local/y', 'local/y/z']],
    ['local/y', ['local/y']],
  ])('%s hears %j', async (filter, expected) => {
    const { heard } = await listen(b, filter);
    for (const topic of ['local', 'local/y', 'local/y/z']) {
      await a.publishToTopic({ topic, publishMessage: { jsonMessage: { message: {} } } });
    }
    await a.publishToTopic({ topic: expected[0] ?? '', publishMessage: { jsonMessage: { message: { last: true } } } });
    await until('the last is there', () => heard.length > expected.length);
    expect(heard.slice(0, -1)).toEqual(expected.map((topic) => [topic, {}]));
  });

  test.each([
    ['local/x', undefined, ['a', 'b']],
    ['local/+', undefined, ['b']],
    ['local/+', 'RECEIVE_ALL_MESSAGES', ['a', 'b']],
    ['local/x', 'RECEIVE_MESSAGES_FROM_OTHERS', ['b']],
  ])('who listens to %s (%s) hears %j', async (filter, mode, expected) => {
    const { heard } = await listen(a, filter, mode);
    await a.publishToTopic({ topic: 'local/x', publishMessage: { jsonMessage: { message: { from: 'a' } } } });
    await b.publishToTopic({ topic: 'local/x', publishMessage: { jsonMessage: { message: { from: 'b' } } } });
    await until('b’s is there', () => heard.length === expected.length);
    expect(heard).toEqual(expected.map((from) => ['local/x', { from }]));
  });

  test('what accessControl doesn’t name is refused', async () => {
    const why = (operation: string) =>
      `Principal a is not authorized to perform aws.greengrass.ipc.pubsub:aws.greengrass#${operation} on resource other`;
    const publishMessage = { jsonMessage: { message: {} } };
    const code = 'UnauthorizedError';
    expect(await faultOf(a.publishToTopic({ topic: 'other', publishMessage }))).toEqual({
      code,
      message: why('PublishToTopic'),
    });
    expect(await faultOf(a.subscribeToTopic({ topic: 'other' }).activate())).toEqual({
      code,
      message: why('SubscribeToTopic'),
    });
  });

  test('a changed accessControl counts at once', async () => {
    nucleus.configurations.set('a', {});
    const publishMessage = { jsonMessage: { message: {} } };
    expect(await faultOf(a.publishToTopic({ topic: 'local/x', publishMessage }))).toMatchObject({
      code: 'UnauthorizedError',
    });
  });

  test('nobody publishes to a wildcard, or nothing', async () => {
    // The client's model of this operation doesn't list the error that the nucleus answers with.
    const message = "Unexpected response shape received: 'aws.greengrass#InvalidArgumentsError'";
    const publishMessage = { jsonMessage: { message: {} } };
    expect(await faultOf(a.publishToTopic({ topic: 'local/+', publishMessage }))).toEqual({ message });
    const raw = { topic: 'local/x', publishMessage: {} };
    expect(await faultOf(a.publishToTopic(raw, { disableValidation: true }))).toEqual({ message });
  });
});

describe('PublishToIoTCore and SubscribeToIoTCore', () => {
  test('what is published goes to the cloud with its QoS', async () => {
    await a.publishToIoTCore({ topicName: 'truck/1/up', qos: QOS[0], payload: Buffer.from([0, 255]) });
    await a.publishToIoTCore({ topicName: 'truck/1/up', qos: QOS[1], payload: 'text' });
    await until('both are out', () => cloud.published.length === 2);
    expect(cloud.published).toEqual([
      { topic: 'truck/1/up', qos: 0, payload: Buffer.from([0, 255]) },
      { topic: 'truck/1/up', qos: 1, payload: Buffer.from('text') },
    ]);
  });

  test('what comes from the cloud is heard until the stream is closed', async () => {
    const heard: unknown[] = [];
    const stream = a.subscribeToIoTCore({ topicName: 'truck/down', qos: QOS[1] });
    stream.on('message', ({ message }) =>
      heard.push([message?.topicName, Buffer.from(message?.payload as Uint8Array)]),
    );
    await stream.activate();
    cloud.deliver({ topic: 'truck/down', qos: 1, payload: Buffer.from([7, 255]) });
    await until('it is there', () => heard.length === 1);
    expect(heard).toEqual([['truck/down', Buffer.from([7, 255])]]);
    await stream.close();
    await until('the subscription is gone', () => cloud.subscribed.length === 0);
  });

  test('offline, QoS 1 is kept and QoS 0 refused', async () => {
    cloud.isConnected = false;
    await a.publishToIoTCore({ topicName: 'truck/1/up', qos: QOS[1], payload: 'kept' });
    expect(await faultOf(a.publishToIoTCore({ topicName: 'truck/1/up', qos: QOS[0], payload: 'x' }))).toEqual({
      code: 'ServiceError',
      message: expect.stringMatching(/Device is offline. Dropping QoS 0 message/),
    });
  });

  test.each([
    ['too large', 'truck/1/up', Buffer.alloc(128 * 1024 + 1), 'ServiceError'],
    ['not permitted', 'truck/1/other', Buffer.alloc(1), 'UnauthorizedError'],
  ])('what is %s is refused', async (_, topicName, payload, code) => {
    expect(await faultOf(a.publishToIoTCore({ topicName, qos: QOS[1], payload }))).toMatchObject({ code });
    expect(cloud.published).toEqual([]);
  });

  test('a subscription that isn’t permitted is refused', async () => {
    const stream = a.subscribeToIoTCore({ topicName: 'truck/#', qos: QOS[1] });
    expect(await faultOf(stream.activate())).toMatchObject({ code: 'UnauthorizedError' });
    expect(cloud.subscribed).toEqual([]);
  });
});

describe('configuration', () => {
  test.each([
    [['level'], { level: 3 }],
    [['nested', 'deep'], { list: [1] }],
    [['nested', 'deep', 'list'], { list: [1] }],
  ])('GetConfiguration of %j', async (keyPath, value) => {
    expect(await a.getConfiguration({ keyPath })).toEqual({ componentName: 'a', value });
  });

  test('GetConfiguration gives all of it, and another component’s, too', async () => {
    expect((await a.getConfiguration({ keyPath: [] })).value).toEqual(nucleus.configurations.get('a'));
    expect(await a.getConfiguration({ componentName: 'b', keyPath: ['level'] })).toEqual({
      componentName: 'b',
      value: { level: 3 },
    });
  });

  test.each([{ keyPath: ['no'] }, { keyPath: ['level', 'x'] }, { componentName: 'c', keyPath: [] }])(
    'GetConfiguration of what isn’t there: %j',
    async (request) => {
      expect(await faultOf(a.getConfiguration(request))).toEqual({
        code: 'ResourceNotFoundError',
        message: 'Key not found',
      });
    },
  );

  test('UpdateConfiguration merges, is kept, and is told to whoever subscribed to that key', async () => {
    const heard: unknown[] = [];
    await b
      .subscribeToConfigurationUpdate({ componentName: 'a', keyPath: ['nested'] })
      .on('message', ({ configurationUpdateEvent }) => heard.push(configurationUpdateEvent))
      .activate();
    const timestamp = new Date();
    await a.updateConfiguration({ keyPath: [], timestamp, valueToMerge: { level: 4 } });
    await a.updateConfiguration({ keyPath: ['nested', 'deep'], timestamp, valueToMerge: { list: [2], more: true } });
    await until('both keys are told', () => heard.length === 2);
    expect(heard).toEqual([
      { componentName: 'a', keyPath: ['nested', 'deep', 'list'] },
      { componentName: 'a', keyPath: ['nested', 'deep', 'more'] },
    ]);
    expect(nucleus.configurations.get('a')).toMatchObject({ level: 4, nested: { deep: { list: [2], more: true } } });
    expect(saved).toBe(2);
  });

  test('accessControl can’t be updated by the component', async () => {
    const timestamp = new Date();
    for (const request of [
      { keyPath: [], timestamp, valueToMerge: { accessControl: {} } },
      { keyPath: ['accessControl', 'x'], timestamp, valueToMerge: {} },
    ]) {
      expect(await faultOf(a.updateConfiguration(request))).toEqual({
        code: 'InvalidArgumentsError',
        message: 'Config update is not allowed for following fields [accessControl]',
      });
    }
  });

  test('an older timestamp is refused', async () => {
    const at = (seconds: number, level: number) =>
      a.updateConfiguration({ keyPath: [], timestamp: new Date(seconds * 1000), valueToMerge: { level } });
    await at(1000, 5);
    expect(await faultOf(at(999, 6))).toMatchObject({ code: 'FailedUpdateConditionCheckError' });
    expect(nucleus.configurations.get('a')).toMatchObject({ level: 5 });
  });

  test('SubscribeToConfigurationUpdate of what isn’t there', async () => {
    const stream = a.subscribeToConfigurationUpdate({ keyPath: ['no'] });
    expect(await faultOf(stream.activate())).toMatchObject({ code: 'ResourceNotFoundError' });
  });
});

describe('lifecycle', () => {
  test('UpdateState is heard', async () => {
    await a.updateState({ state: 'RUNNING' as never });
    await b.updateState({ state: 'ERRORED' as never });
    expect(reported).toEqual([
      ['a', 'RUNNING'],
      ['b', 'ERRORED'],
    ]);
  });

  test('an update is announced, waits for the answers, and its end is told', async () => {
    const heard: unknown[] = [];
    await a
      .subscribeToComponentUpdates({})
      .on('message', (event) => heard.push(event))
      .activate();
    const answers = updates.announce('d1', 20_000);
    await until('it is announced', () => heard.length === 1);
    await a.deferComponentUpdate({ deploymentId: 'd1', recheckAfterMs: 500 });
    expect(await answers).toEqual([{ component: 'a', recheckAfterMs: 500 }]);
    updates.finished('d1');
    await until('its end is told', () => heard.length === 2);
    expect(heard).toEqual([
      { preUpdateEvent: { deploymentId: 'd1', isGgcRestarting: false } },
      { postUpdateEvent: { deploymentId: 'd1' } },
    ]);
  });

  test('who doesn’t answer agrees when the time is over, and is too late then', async () => {
    await a.subscribeToComponentUpdates({}).activate();
    expect(await updates.announce('d1', 50)).toEqual([]);
    expect(await faultOf(a.deferComponentUpdate({ deploymentId: 'd1' }))).toEqual({
      code: 'ServiceError',
      message: 'Time limit to respond to PreComponentUpdateEvent exceeded',
    });
  });

  test('who hangs up instead of answering holds nobody up', async () => {
    const stream = a.subscribeToComponentUpdates({});
    await stream.activate();
    const answers = updates.announce('d1', 60_000);
    await stream.close();
    expect(await answers).toEqual([{ component: 'a', recheckAfterMs: 0 }]);
  });

  test('who isn’t subscribed can’t defer', async () => {
    expect(await faultOf(a.deferComponentUpdate({ deploymentId: 'd1' }))).toMatchObject({
      code: 'InvalidArgumentsError',
    });
  });
});
