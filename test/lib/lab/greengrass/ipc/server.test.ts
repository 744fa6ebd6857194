import { createConnection } from 'node:net';
import * as z from 'zod';
import { IpcError } from '../../../../../lib/lab/greengrass/ipc/error.ts';
import { encodeMessage, MessageReader, MessageType } from '../../../../../lib/lab/greengrass/ipc/message.ts';
import { type Subscriber, streaming, unary } from '../../../../../lib/lab/greengrass/ipc/operation.ts';
import { until } from '../../../../components/host/until.ts';
import { faultOf, newClient, within } from './client.ts';
import { TestNucleus } from './nucleus.ts';

let nucleus: TestNucleus;
let open: Subscriber[];
/** What GetConfiguration waits for. */
let hold: Promise<unknown>;

beforeEach(async () => {
  nucleus = new TestNucleus();
  nucleus.configurations.set('a', {});
  open = [];
  hold = Promise.resolve();
  await nucleus.serve({
    UpdateState: unary(z.object({ state: z.string() }), () => {
      throw new IpcError('ResourceNotFoundError', 'not here', { resourceType: 'Component' });
    }),
    GetConfiguration: unary(z.object({}), async (_, { component }) => {
      await hold;
      return { componentName: component, value: { ä: 1 } };
    }),
    UpdateConfiguration: unary(z.object({ keyPath: z.array(z.string()).min(2) }), () => undefined),
    DeferComponentUpdate: unary(z.object({}), () => {
      throw new TypeError('a mistake of ours');
    }),
    SubscribeToTopic: streaming(z.object({ topic: z.string() }), ({ topic }, subscriber) => {
      subscriber.send({ name: 'SubscriptionResponseMessage', value: { jsonMessage: { message: { early: topic } } } });
      open.push(subscriber);
      return { answer: {}, close: () => open.splice(open.indexOf(subscriber), 1) };
    }),
  });
});
afterEach(() => nucleus.end());

test('a call is answered, and the caller is known by its token', async () => {
  const client = await nucleus.connect('a');
  expect(await client.getConfiguration({ keyPath: [] })).toEqual({ componentName: 'a', value: { ä: 1 } });
});

test('calls on one connection don’t wait for each other', async () => {
  let release: (value?: unknown) => void = () => undefined;
  hold = new Promise((resolve) => {
    release = resolve;
  });
  const client = await nucleus.connect('a');
  const held = client.getConfiguration({ keyPath: [] });
  expect(await faultOf(client.updateState({ state: 'RUNNING' as never }))).toMatchObject({
    code: 'ResourceNotFoundError',
  });
  release();
  expect(await held).toMatchObject({ componentName: 'a' });
});

test('a token that is no component’s is refused', async () => {
  const client = newClient(nucleus.socket, 'token-b');
  expect((await faultOf(client.connect())).message).toMatch(/invalid connack|connection closed/);
  expect(nucleus.log).toEqual([expect.stringMatching(/a client was refused/)]);
});

test('an error of the model reaches the client as such, with its members', async () => {
  const client = await nucleus.connect('a');
  const fault = await client.updateState({ state: 'RUNNING' as never }).catch((error) => error.serviceError);
  expect(fault).toMatchObject({ _errorCode: 'ResourceNotFoundError', message: 'not here', resourceType: 'Component' });
});

test('a request that isn’t the operation’s is refused, and the field is named', async () => {
  const client = await nucleus.connect('a');
  const request = { keyPath: ['a'], timestamp: new Date(), valueToMerge: {} };
  expect(await faultOf(client.updateConfiguration(request))).toEqual({
    code: 'InvalidArgumentsError',
    message: expect.stringMatching(/^keyPath: /),
  });
});

test('a mistake of ours is an internal error for the client, and told in full in the log', async () => {
  const client = await nucleus.connect('a');
  expect((await faultOf(client.deferComponentUpdate({ deploymentId: 'd' }))).message).toMatch(/InternalServerError/);
  expect(nucleus.log).toEqual([expect.stringMatching(/DeferComponentUpdate of a: TypeError: a mistake of ours/)]);
});

test('an operation that isn’t served is an error that says so', async () => {
  const client = await nucleus.connect('a');
  const fault = await faultOf(client.getSecretValue({ secretId: 's' }));
  expect(fault.message).toMatch(/Unsupported operation: aws.greengrass#GetSecretValue/);
});

test('events come after the answer, in order, until the client closes the stream', async () => {
  const client = await nucleus.connect('a');
  const events: unknown[] = [];
  const stream = client
    .subscribeToTopic({ topic: 't' })
    .on('message', (event) => events.push(event.jsonMessage?.message));
  await stream.activate();
  for (let n = 0; n < 100; n++)
    open[0]?.send({ name: 'SubscriptionResponseMessage', value: { jsonMessage: { message: { n } } } });
  await until('all events are there', () => events.length === 101);
  expect(events).toEqual([{ early: 't' }, ...[...Array(100).keys()].map((n) => ({ n }))]);
  await stream.close();
  await until('the server knows that it is closed', () => open.length === 0);
  expect(await client.getConfiguration({ keyPath: [] })).toMatchObject({ componentName: 'a' });
});

test('who disconnects is unsubscribed from everything', async () => {
  const client = await nucleus.connect('a');
  await client.subscribeToTopic({ topic: 't' }).activate();
  await client.subscribeToTopic({ topic: 'u' }).activate();
  expect(open).toHaveLength(2);
  await client.close();
  await until('nobody is subscribed', () => open.length === 0);
});

test('a connection that drops in the middle of a call is told to the client, which can’t be connected again', async () => {
  hold = new Promise(() => undefined);
  const client = await nucleus.connect('a');
  const disconnected = new Promise((resolve) => client.on('disconnection', resolve));
  const call = client.getConfiguration({ keyPath: [] });
  call.catch(() => undefined);
  await client.updateState({ state: 'RUNNING' as never }).catch(() => undefined);
  await nucleus.end();
  expect(await within(20_000, disconnected)).not.toBe('not in time');
  nucleus = new TestNucleus();
  expect((await faultOf(client.connect())).message).toMatch(/only be called once/);
});

test('a client can be hung up on by its component’s name', async () => {
  nucleus.configurations.set('b', {});
  await nucleus.end();
  nucleus = new TestNucleus();
  nucleus.configurations.set('a', {});
  nucleus.configurations.set('b', {});
  const server = await nucleus.serve({ GetConfiguration: unary(z.object({}), () => ({ value: {} })) });
  const [a, b] = [await nucleus.connect('a'), await nucleus.connect('b')];
  const disconnected = new Promise((resolve) => a.on('disconnection', resolve));
  server.disconnect('a');
  expect(await within(20_000, disconnected)).not.toBe('not in time');
  expect(await b.getConfiguration({ keyPath: [] })).toEqual({ value: {} });
});

test('a large request and a large answer pass', async () => {
  const client = await nucleus.connect('a');
  const topic = 'x'.repeat(3_000_000);
  const events: unknown[] = [];
  await client
    .subscribeToTopic({ topic })
    .on('message', (event) => events.push(event.jsonMessage?.message))
    .activate();
  await until('the event is there', () => events.length === 1);
  expect(events).toEqual([{ early: topic }]);
});

describe('what no client of the SDK sends', () => {
  const connect = encodeMessage({
    ...{ type: MessageType.connect, flags: 0, stream: 0, headers: { ':version': '0.1.0' } },
    payload: Buffer.from(JSON.stringify({ authToken: 'token-a' })),
  });
  const request = (payload: string, stream = 1, type: number = MessageType.application) =>
    encodeMessage({
      ...{ type, flags: 0, stream, headers: { operation: 'aws.greengrass#GetConfiguration' } },
      payload: Buffer.from(payload),
    });

  /** Sends, in pieces of this size, and gives what came back, until the server hangs up or `enough` have come. */
  async function talk(bytes: Uint8Array[], enough: number, size = 1_000_000) {
    const socket = createConnection(nucleus.socket);
    const reader = new MessageReader();
    const heard: { type: number; flags: number; text: string }[] = [];
    let closed = false;
    socket.on('data', (piece) => {
      for (const { type, flags, payload } of reader.push(piece))
        heard.push({ type, flags, text: Buffer.from(payload).toString() });
    });
    socket.on('close', () => {
      closed = true;
    });
    const all = Buffer.concat(bytes);
    for (let at = 0; at < all.length; at += size) socket.write(all.subarray(at, at + size));
    await until('the server has answered', () => closed || heard.length >= enough);
    socket.destroy();
    return { heard, closed };
  }

  test('a message in single bytes is understood', async () => {
    const { heard } = await talk([connect, request('{}')], 2, 1);
    expect(heard).toEqual([
      { type: MessageType.connectAck, flags: 1, text: '' },
      { type: MessageType.application, flags: 2, text: '{"componentName":"a","value":{"ä":1}}' },
    ]);
  });

  test('a ping is answered with what it said', async () => {
    const { heard } = await talk([connect, request('hello', 0, MessageType.ping)], 2);
    expect(heard[1]).toEqual({ type: MessageType.pong, flags: 0, text: 'hello' });
  });

  test('a request that is no JSON is an internal error, as the nucleus has it', async () => {
    const { heard } = await talk([connect, request('{"a":')], 2);
    expect(heard[1]).toEqual({ type: MessageType.applicationError, flags: 2, text: 'InternalServerError' });
  });

  test.each([
    ['a request before the handshake', [request('{}')], /first message has to be a connect/],
    ['a length that no message can have', [connect, Buffer.from('ffffffff00000000', 'hex')], /4294967295 bytes/],
    ['a wrong checksum', [connect, request('{}').map((byte, at) => (at === 30 ? byte ^ 1 : byte))], /checksum/i],
    ['a type that clients don’t have', [connect, request('{}', 1, MessageType.internalError)], /of type 7/],
    ['a stream of number 0', [connect, request('{}', 0)], /needs a stream, not 0/],
  ])('%s ends the connection', async (_, bytes, why) => {
    const { heard, closed } = await talk(bytes, 100);
    expect(closed).toBe(true);
    expect(heard.at(-1)).toMatchObject({ type: MessageType.protocolError, text: expect.stringMatching(why) });
  });

  test.each([
    ['without a token', '{}', '0.1.0'],
    ['without JSON', 'token-a', '0.1.0'],
    ['of another version', '{"authToken":"token-a"}', '0.2.0'],
  ])('a handshake %s is refused and the connection ended', async (_, payload, version) => {
    const bytes = encodeMessage({
      ...{ type: MessageType.connect, flags: 0, stream: 0, headers: { ':version': version } },
      payload: Buffer.from(payload),
    });
    const { heard, closed } = await talk([bytes], 100);
    expect([heard, closed]).toEqual([[{ type: MessageType.connectAck, flags: 0, text: '' }], true]);
  });
});
