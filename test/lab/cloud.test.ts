import type { Credentials } from '../../lib/lab/cloud/certificates.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { bringUp, example, openLab } from './support.ts';

/** The cloud in the lab's internet, reached by a device through the truck's router. */
jest.setTimeout(600_000);

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
  await bringUp(lab, example('article.yaml'));
});
afterAll(async () => {
  await lab?.cloud.stop();
});

function mosquitto(program: 'pub' | 'rr', { ca, certificate, key }: Credentials): readonly string[] {
  const { host, mqtt } = lab.cloud.endpoint;
  const to = ['-h', host, '-p', String(mqtt), '--cafile', ca, '--cert', certificate, '--key', key];
  return [`mosquitto_${program}`, ...to, '-V', 'mqttv5', '-q', '1'];
}

const base = '$aws/things/truck/shadow/name/network';

/** What the shadow answers to a get, asked at a node. */
async function shadowSeenFrom(node: string, who: Credentials): Promise<unknown> {
  const ask = [...mosquitto('rr', who), '-t', `${base}/get`, '-e', `${base}/get/accepted`, '-n', '-W', '30'];
  return JSON.parse((await lab.exec(node, ask)).stdout);
}

test('a device sees through the router what the operator desires, also after a kill -9', async () => {
  await lab.cloud.start();
  const truck = await lab.cloud.issue('truck');
  const document = JSON.stringify({ state: { desired: { policy: 'from the cloud' } } });
  const { operator } = lab.cloud;
  await lab.exec('internet', [...mosquitto('pub', operator), '-t', `${base}/update`, '-m', document]);
  const desired = { state: { desired: { policy: 'from the cloud' } } };
  expect(await shadowSeenFrom('internet', operator)).toMatchObject(desired);
  expect(await shadowSeenFrom('device1', truck)).toMatchObject(desired);
  await lab.cloud.kill();
  expect(await lab.cloud.isUp()).toBe(false);
  await lab.cloud.start();
  expect(await shadowSeenFrom('device1', truck)).toMatchObject(desired);
});
