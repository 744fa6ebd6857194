import fc from 'fast-check';
import { isPermitted, matchesResource } from '../../../../../lib/lab/greengrass/ipc/authorization.ts';
import { matchesTopic } from '../../../../../lib/lab/greengrass/ipc/topics.ts';

/** ${c} */
const literal = (character: string) => `\${${character}}`;

describe('resources', () => {
  test.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/bc', false],
    ['*', 'a/b/c', true],
    ['a/*', 'a/b/c', true],
    ['a/*/c', 'a/b/x/c', true],
    ['a/*/c', 'a/c', false],
    ['a/+/c', 'a/b/c', true],
    ['a/+/c', 'a/b/x/c', false],
    ['+/b', 'a/b', true],
    ['a/+', 'a/b', true],
    ['a/+', 'a', false],
    ['+', 'a', true],
    ['+', 'a/b', false],
    ['a/#', 'a/b/c', true],
    ['a/#', 'a', true],
    ['a/#', 'ab', false],
    ['#', 'a/b', true],
    ['a/b+', 'a/bc', false],
    ['a/b+', 'a/b+', true],
    ['a/#/c', 'a/b/c', false],
    ['a/#/c', 'a/#/c', true],
    // A filter that somebody wants to subscribe to is a resource, too.
    ['a/#', 'a/+/c', true],
    ['a/+', 'a/#', true],
    ['a/b', 'a/#', false],
    [`a/${literal('*')}`, 'a/*', true],
    [`a/${literal('*')}`, 'a/b', false],
    [`a/${literal('+')}/c`, 'a/b/c', false],
    ['a.c', 'abc', false],
    ['$aws/things/t/shadow/name/*', '$aws/things/t/shadow/name/network', true],
  ])('for topics, %s %s: %s', (pattern, resource, matches) => {
    expect(matchesResource(pattern, resource, 'mqtt')).toBe(matches);
  });

  test.each([
    ['a/*', 'a/b/c', true],
    ['a/+', 'a/b', false],
    ['a/+', 'a/+', true],
    ['a/#', 'a/b', false],
    ['$aws/things/t/shadow', '$aws/things/t/shadow/name/n', false],
  ])('elsewhere, %s %s: %s', (pattern, resource, matches) => {
    expect(matchesResource(pattern, resource, 'plain')).toBe(matches);
  });

  test('without wildcards only the same is the same, whatever the characters', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '/', '.', '(', '[', '\\', '$', '^', '|', '-', '?'),
      maxLength: 6,
    });
    fc.assert(fc.property(text, text, (a, b) => matchesResource(a, b, 'mqtt') === (a === b)));
  });

  test('with valid wildcards, a topic is a permitted resource exactly if the filter lets it through', () => {
    const level = fc.constantFrom('a', 'b', '');
    const filter = fc
      .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([levels, rest]) => [...levels, ...(rest ? ['#'] : [])].join('/'));
    const topic = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => levels.join('/'));
    fc.assert(fc.property(filter, topic, (f, t) => matchesResource(f, t, 'mqtt') === matchesTopic(f, t)));
  });
});

describe('accessControl', () => {
  const accessControl = {
    'aws.greengrass.ShadowManager': {
      'c:shadow:1': {
        policyDescription: 'x',
        operations: ['aws.greengrass#GetThingShadow'],
        resources: ['$aws/things/t/shadow/name/n'],
      },
      'c:shadow:2': { operations: ['*'], resources: ['$aws/things/t/shadow/name/all'] },
      'c:shadow:3': { operations: 'aws.greengrass#GetThingShadow', resources: ['*'] },
      'c:shadow:4': { operations: ['aws.greengrass#GetThingShadow'] },
    },
  };

  test.each([
    ['aws.greengrass.ShadowManager', 'aws.greengrass#GetThingShadow', '$aws/things/t/shadow/name/n', true],
    ['aws.greengrass.ShadowManager', 'GetThingShadow', '$aws/things/t/shadow/name/n', false],
    ['aws.greengrass.ShadowManager', 'aws.greengrass#UpdateThingShadow', '$aws/things/t/shadow/name/n', false],
    ['aws.greengrass.ShadowManager', 'aws.greengrass#GetThingShadow', '$aws/things/t/shadow/name/m', false],
    ['aws.greengrass.ShadowManager', 'aws.greengrass#UpdateThingShadow', '$aws/things/t/shadow/name/all', true],
    ['aws.greengrass.ipc.pubsub', 'aws.greengrass#GetThingShadow', '$aws/things/t/shadow/name/n', false],
  ] as const)('%s %s on %s: %s', (service, operation, resource, permitted) => {
    expect(isPermitted(accessControl, service, operation, resource)).toBe(permitted);
  });

  test.each([
    undefined,
    null,
    'x',
    [],
    { 'aws.greengrass.ipc.pubsub': 'x' },
    { 'aws.greengrass.ipc.pubsub': { p: null } },
  ])('what is malformed permits nothing: %j', (malformed) => {
    expect(isPermitted(malformed, 'aws.greengrass.ipc.pubsub', 'aws.greengrass#PublishToTopic', 't')).toBe(false);
  });
});
