import { Spooler } from '../../../../../lib/lab/greengrass/mqtt/spooler.ts';
import { until } from '../../../../components/host/until.ts';
import { FakeCloud } from './fake-cloud.ts';

const message = (topic: string, qos: 0 | 1 = 1, length = 1) => ({ topic, qos, payload: Buffer.alloc(length) });
const topics = (cloud: FakeCloud) => cloud.published.map(({ topic }) => topic);

test('what is published online goes out', async () => {
  const cloud = new FakeCloud();
  const spooler = new Spooler(cloud);
  spooler.add(message('a', 0));
  spooler.add(message('b'));
  await until('both are out', () => cloud.published.length === 2);
  expect([topics(cloud), spooler.size]).toEqual([['a', 'b'], 0]);
});

test('offline, QoS 1 waits and goes out in order, and QoS 0 is refused', async () => {
  const cloud = new FakeCloud();
  cloud.isConnected = false;
  const spooler = new Spooler(cloud);
  for (let n = 0; n < 100; n++) spooler.add(message(String(n)));
  expect(() => spooler.add(message('x', 0))).toThrow('Device is offline. Dropping QoS 0 message.');
  cloud.reconnect();
  await spooler.send();
  expect(topics(cloud)).toEqual([...Array(100).keys()].map(String));
});

test('when it is full, the oldest QoS 0 make room; when there are none, the new message is refused', () => {
  const cloud = new FakeCloud();
  cloud.publish = () => new Promise(() => undefined);
  const spooler = new Spooler(cloud, 100);
  spooler.add(message('a', 0, 40));
  spooler.add(message('b', 1, 40));
  spooler.add(message('c', 1, 50));
  expect(spooler.size).toBe(2);
  expect(() => spooler.add(message('d', 1, 20))).toThrow('Message spool is full. Message could not be added.');
  expect(() => spooler.add(message('e', 1, 101))).toThrow('Message is larger than the size of message spool.');
  spooler.add(message('f', 1, 10));
  expect(spooler.size).toBe(3);
});

test('a message whose sending failed is sent again, before those after it', async () => {
  const cloud = new FakeCloud();
  const spooler = new Spooler(cloud);
  const publish = cloud.publish.bind(cloud);
  cloud.publish = async () => {
    cloud.isConnected = false;
    throw new Error('connection lost');
  };
  spooler.add(message('a'));
  await until('it failed', () => !cloud.isConnected);
  spooler.add(message('b'));
  cloud.publish = publish;
  cloud.reconnect();
  await until('both are out', async () => {
    await spooler.send();
    return cloud.published.length === 2;
  });
  expect(topics(cloud)).toEqual(['a', 'b']);
});
