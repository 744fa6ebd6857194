import { brokerAccess, mayPublish, mayUse, OPERATOR } from '../../../../lib/lab/cloud/identities.ts';
import { RateLimit } from '../../../../lib/lab/cloud/rate.ts';
import { route, tokenOf } from '../../../../lib/lab/cloud/rest-routes.ts';

test.each([
  ['GET', '/things/t/shadow', { kind: 'shadow', operation: 'get', name: { thing: 't', shadow: null } }],
  ['POST', '/things/t/shadow?name=s', { kind: 'shadow', operation: 'update', name: { thing: 't', shadow: 's' } }],
  [
    'DELETE',
    '/things/t%3A1/shadow?name=a%3Ab',
    { kind: 'shadow', operation: 'delete', name: { thing: 't:1', shadow: 'a:b' } },
  ],
  ['GET', '/api/things/shadow/ListNamedShadowsForThing/t', { kind: 'list', thing: 't', pageSize: 25, after: '' }],
  [
    'GET',
    `/api/things/shadow/ListNamedShadowsForThing/t?pageSize=100&nextToken=${tokenOf('network')}`,
    { kind: 'list', thing: 't', pageSize: 100, after: 'network' },
  ],
  ['POST', '/topics/a/b?qos=1', { kind: 'publish', topic: 'a/b', qos: 1, retain: false }],
  ['POST', '/topics/%24aws%2Fthings?retain=true', { kind: 'publish', topic: '$aws/things', qos: 0, retain: true }],
  ['PUT', '/things/t/shadow', { status: 405, message: 'Method Not Allowed' }],
  ['POST', '/api/things/shadow/ListNamedShadowsForThing/t', { status: 405, message: 'Method Not Allowed' }],
  ['GET', '/things/t', { status: 404, message: 'Not Found' }],
  ['GET', '/things/t/shadow/more', { status: 404, message: 'Not Found' }],
  ['GET', '/things/%ff/shadow', { status: 400, message: 'Malformed path' }],
  ['GET', '/api/things/shadow/ListNamedShadowsForThing/t?pageSize=101', { status: 400, message: 'Invalid pageSize' }],
  ['POST', '/topics/a?qos=2', { status: 400, message: 'Invalid qos' }],
  ['POST', '/topics/a%2F%23', { status: 400, message: 'Invalid topic' }],
])('%s %s', (method, target, expected) => {
  expect(route(method, target)).toEqual(expected);
});

test.each([
  ['its own shadow’s request', '$aws/things/truck-1/shadow/name/network/update', true],
  ['its classic shadow’s request', '$aws/things/truck-1/shadow/get', true],
  ['its own topics', 'firebreak/truck-1/isolation/evidence', true],
  ['what only the service says', '$aws/things/truck-1/shadow/name/network/update/accepted', false],
  ['another’s shadow', '$aws/things/truck-10/shadow/name/network/update', false],
  ['another’s topics', 'firebreak/truck-10/x', false],
  ['anything else', 'anything', false],
])('a thing may publish to %s: %s is %s', (_what, topic, may) => {
  expect(mayPublish('truck-1', topic)).toBe(may);
  expect(mayPublish(OPERATOR, topic)).toBe(true);
});

test('a thing uses its own shadows, the operator all; no thing can be called like the operator', () => {
  expect(mayUse('truck-1', 'truck-1')).toBe(true);
  expect(mayUse('truck-1', 'truck-2')).toBe(false);
  expect(mayUse(OPERATOR, 'truck-2')).toBe(true);
  expect(OPERATOR).toContain('.');
  expect(brokerAccess()).not.toMatch(/^pattern (read)?write (#|\$aws\/#)/m);
});

test('a second’s requests are counted for each thing, and the next second begins anew', () => {
  const limit = new RateLimit(2);
  const admitted = (thing: string, at: number) => limit.admits(thing, at);
  expect([admitted('a', 1), admitted('a', 1), admitted('a', 1), admitted('b', 1)]).toEqual([true, true, false, true]);
  expect([admitted('a', 2), admitted('a', 2), admitted('a', 2)]).toEqual([true, true, false]);
});
