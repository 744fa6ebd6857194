import { checkNames } from '../../../../lib/lab/shadow/names.ts';
import { messages, parseRequestTopic, shadowTopic } from '../../../../lib/lab/shadow/topics.ts';
import { shadowOf } from './support.ts';

const named = { thing: 'truck-1', shadow: 'network' };
const classic = { thing: 'truck-1', shadow: null };

test.each([
  [named, '$aws/things/truck-1/shadow/name/network/get'],
  [classic, '$aws/things/truck-1/shadow/get'],
])('a request topic is written and read: %j', (name, topic) => {
  expect(shadowTopic(name, 'get')).toBe(topic);
  expect(parseRequestTopic(topic)).toEqual({ ...name, operation: 'get' });
});

test.each([
  '$aws/things/truck-1/shadow/get/accepted',
  '$aws/things/truck-1/shadow/name/network/update/delta',
  '$aws/things/truck-1/shadow/name/get',
  '$aws/things/truck-1/shadow/list',
  '$aws/things//shadow/get',
  'firebreak/truck-1/isolation/evidence',
])('%s is no request', (topic) => {
  expect(parseRequestTopic(topic)).toBeNull();
});

test('each answer goes to its topics', () => {
  const thing = shadowOf();
  const topics = (answer: Parameters<typeof messages>[2], operation: 'update' | 'delete' | 'get') =>
    messages(named, operation, answer).map(({ topic }) =>
      topic.replace('$aws/things/truck-1/shadow/name/network/', ''),
    );
  expect(topics(thing.get(), 'get')).toEqual(['get/rejected']);
  expect(topics(thing.update({ state: { desired: { a: 1 } } }), 'update')).toEqual([
    'update/accepted',
    'update/delta',
    'update/documents',
  ]);
  expect(topics(thing.update({ state: { reported: { a: 1 } } }), 'update')).toEqual([
    'update/accepted',
    'update/documents',
  ]);
  expect(topics(thing.get(), 'get')).toEqual(['get/accepted']);
  expect(topics(thing.remove(), 'delete')).toEqual(['delete/accepted']);
});

test.each([
  [{ thing: 't'.repeat(128), shadow: 's'.repeat(64) }, undefined],
  [{ thing: 'truck:1_-Z', shadow: null }, undefined],
  [{ thing: 't'.repeat(129), shadow: null }, 'ThingName has a maximum length of 128'],
  [{ thing: 'truck 1', shadow: null }, 'ThingName must match pattern [a-zA-Z0-9:_-]+'],
  [{ thing: 't', shadow: 's'.repeat(65) }, 'ShadowName has a maximum length of 64'],
  [{ thing: 't', shadow: '' }, 'ShadowName must match pattern [a-zA-Z0-9:_-]+'],
  [{ thing: 't', shadow: 'a.b' }, 'ShadowName must match pattern [a-zA-Z0-9:_-]+'],
])('names %j', (name, message) => {
  expect(checkNames(name)?.message).toBe(message);
});
