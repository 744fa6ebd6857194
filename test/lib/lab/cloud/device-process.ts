import { once } from 'node:events';
import { iot, iotshadow, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import type { Call, Said, Setting } from './device.ts';

/** A device with AWS's SDK, in a process of its own: the SDK's native part keeps a process from ending, and could take the tests with it. */
const OPTIONS = { maxRequestResponseSubscriptions: 4, maxStreamingSubscriptions: 2, operationTimeoutInSeconds: 3 };
const setting = JSON.parse(process.argv[2] ?? '') as Setting;
const say = (said: Said) => process.send?.(said);

async function byMqtt5({ host, thing, ca, certificate, key }: Setting) {
  const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(host, certificate, key);
  builder.withCertificateAuthorityFromPath(undefined, ca);
  builder.withConnectProperties({ clientId: thing, keepAliveIntervalSeconds: 60 });
  const client = new mqtt5.Mqtt5Client(builder.build());
  const connected = once(client, 'connectionSuccess');
  client.start();
  await connected;
  return iotshadow.IotShadowClientv2.newFromMqtt5(client, OPTIONS);
}

async function byMqtt311({ host, thing, ca, certificate, key }: Setting) {
  const configuration = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(certificate, key)
    .with_certificate_authority_from_path(undefined, ca)
    .with_endpoint(host)
    .with_client_id(thing)
    .with_clean_session(true)
    .build();
  const connection = new mqtt.MqttClient().new_connection(configuration);
  await connection.connect();
  return iotshadow.IotShadowClientv2.newFromMqtt311(connection, OPTIONS);
}

async function answer(shadows: iotshadow.IotShadowClientv2, { what, request }: Call): Promise<unknown> {
  switch (what) {
    case 'get':
      return await shadows.getNamedShadow(request);
    case 'update':
      return await shadows.updateNamedShadow(request);
    case 'delete':
      return await shadows.deleteNamedShadow(request);
    case 'listen': {
      const deltas = shadows.createNamedShadowDeltaUpdatedStream(request);
      const updates = shadows.createNamedShadowUpdatedStream(request);
      const subscribed = [deltas, updates].map((stream) => once(stream, 'subscriptionStatus'));
      deltas.on('incomingPublish', ({ message }) => say({ event: 'delta', message }));
      updates.on('incomingPublish', ({ message }) => say({ event: 'updated', message }));
      deltas.open();
      updates.open();
      await Promise.all(subscribed);
      return {};
    }
  }
}

async function main(): Promise<void> {
  const shadows = await (setting.protocol === 'MQTT 5' ? byMqtt5 : byMqtt311)(setting);
  process.on('message', (call: Call) => {
    answer(shadows, call).then(
      (result) => say({ id: call.id, result }),
      (error: { readonly modeledError?: unknown }) => say({ id: call.id, error: error.modeledError ?? String(error) }),
    );
  });
  say({ event: 'connected' });
}

process.on('disconnect', () => process.exit(0));
main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
