import { once } from 'node:events';
import { iot, iotshadow, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import { TestClient } from './client.ts';
import { type TestCloud, testCloud } from './support.ts';

/** AWS's own device SDK, with a thing's certificate, by either protocol. */
jest.setTimeout(60_000);

interface Device {
  readonly shadows: iotshadow.IotShadowClientv2;
  disconnect(): Promise<unknown>;
}

let run: TestCloud;
beforeAll(async () => {
  run = await testCloud();
});
afterAll(async () => {
  await run?.end();
});

const OPTIONS = { maxRequestResponseSubscriptions: 4, maxStreamingSubscriptions: 2, operationTimeoutInSeconds: 3 };

async function byMqtt5(thing: string): Promise<Device> {
  const { ca, certificate, key } = await run.cloud.issue(thing);
  const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(
    ...([run.cloud.endpoint.host, certificate, key] as const),
  );
  builder
    .withCertificateAuthorityFromPath(undefined, ca)
    .withConnectProperties({ clientId: thing, keepAliveIntervalSeconds: 60 });
  const client = new mqtt5.Mqtt5Client(builder.build());
  const connected = once(client, 'connectionSuccess');
  client.start();
  await connected;
  const shadows = iotshadow.IotShadowClientv2.newFromMqtt5(client, OPTIONS);
  return {
    shadows,
    disconnect: async () => {
      const stopped = once(client, 'stopped');
      client.stop();
      await stopped;
      client.close();
    },
  };
}

async function byMqtt311(thing: string): Promise<Device> {
  const { ca, certificate, key } = await run.cloud.issue(thing);
  const configuration = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(certificate, key)
    .with_certificate_authority_from_path(undefined, ca)
    .with_endpoint(run.cloud.endpoint.host)
    .with_client_id(thing)
    .with_clean_session(true)
    .build();
  const connection = new mqtt.MqttClient().new_connection(configuration);
  await connection.connect();
  const shadows = iotshadow.IotShadowClientv2.newFromMqtt311(connection, OPTIONS);
  return { shadows, disconnect: () => connection.disconnect() };
}

describe.each([
  ['MQTT 5', byMqtt5],
  ['MQTT 3.1.1', byMqtt311],
])('%s', (protocol, connect) => {
  const name = { thingName: 'truck-1', shadowName: protocol === 'MQTT 5' ? 'sdk-5' : 'sdk-3' };
  let device: Device;
  beforeAll(async () => {
    device = await connect('truck-1');
  });
  afterAll(async () => {
    device?.shadows.close();
    await device?.disconnect();
  });

  test('a shadow is updated, read and deleted', async () => {
    const { shadows } = device;
    const state = { reported: { applied: 1, list: ['a'] } };
    const updated = await shadows.updateNamedShadow({ ...name, state });
    expect(updated).toMatchObject({ state, version: 1, timestamp: expect.any(Number) });
    expect(await shadows.getNamedShadow(name)).toMatchObject({ state, version: 1 });
    expect(await shadows.deleteNamedShadow(name)).toMatchObject({ version: 1 });
  });

  test('errors have AWS’s code and message', async () => {
    const { shadows } = device;
    const refused = (code: number, message: string) => ({ modeledError: { code, message } });
    await expect(shadows.getNamedShadow({ ...name, shadowName: 'none' })).rejects.toMatchObject(
      refused(404, 'No shadow exists with name: none'),
    );
    await shadows.updateNamedShadow({ ...name, state: { reported: { a: 1 } } });
    await expect(shadows.updateNamedShadow({ ...name, version: 99, state: { reported: {} } })).rejects.toMatchObject(
      refused(409, 'Version conflict'),
    );
    const large = { reported: { a: 'x'.repeat(9000) } };
    await expect(shadows.updateNamedShadow({ ...name, state: large })).rejects.toMatchObject(
      refused(413, 'The payload exceeds the maximum size allowed'),
    );
    await expect(shadows.updateNamedShadow(name)).rejects.toMatchObject(refused(400, 'Missing required node: state'));
  });

  test('what the operator desires arrives as a delta, and each update as a document', async () => {
    const deltas = device.shadows.createNamedShadowDeltaUpdatedStream(name);
    const updates = device.shadows.createNamedShadowUpdatedStream(name);
    const subscribed = [deltas, updates].map((stream) => once(stream, 'subscriptionStatus'));
    const heard = [deltas, updates].map((stream) => once(stream, 'incomingPublish'));
    deltas.open();
    updates.open();
    await Promise.all(subscribed);
    const operator = await TestClient.connect(run.cloud);
    await operator.publish(`$aws/things/truck-1/shadow/name/${name.shadowName}/update`, {
      state: { desired: { policy: { flows: 3 } } },
    });
    const [delta, update] = (await Promise.all(heard)).map(([event]) => event.message);
    expect(delta).toMatchObject({ state: { policy: { flows: 3 } }, version: expect.any(Number) });
    expect(update).toMatchObject({ current: { state: { desired: { policy: { flows: 3 } } } } });
    await operator.end();
    deltas.close();
    updates.close();
  });

  test('another thing’s shadow is not answered', async () => {
    const others = device.shadows.getNamedShadow({ thingName: 'truck-2', shadowName: 'secret' });
    await expect(others).rejects.toThrow();
  });
});
