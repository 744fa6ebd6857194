import { echoTopic, evidenceTopic, shadowTopic } from '../../../lib/shadow/index.ts';
import { isolationTesterAccess, networkManagerAccess, truckStatements } from '../../../lib/shadow/permissions.ts';

const ARN = 'arn:aws:iot:eu-central-1:123456789012';

test('topics bear the truck’s name', () => {
  expect(evidenceTopic('truck-7')).toBe('firebreak/truck-7/isolation/evidence');
  expect(echoTopic('truck-7')).toBe('firebreak/truck-7/echo');
  expect(shadowTopic('truck-7', 'network')).toBe('$aws/things/truck-7/shadow/name/network');
});

test('each component may use its own shadow and topics, and nothing else', () => {
  expect(networkManagerAccess('truck-7')).toEqual({
    'aws.greengrass.ShadowManager': [
      {
        operations: ['aws.greengrass#GetThingShadow', 'aws.greengrass#UpdateThingShadow'],
        resources: ['$aws/things/truck-7/shadow/name/network'],
      },
    ],
    'aws.greengrass.ipc.pubsub': [
      {
        operations: ['aws.greengrass#SubscribeToTopic'],
        resources: ['$aws/things/truck-7/shadow/name/network/update/delta'],
      },
    ],
    'aws.greengrass.ipc.mqttproxy': [
      {
        operations: ['aws.greengrass#PublishToIoTCore', 'aws.greengrass#SubscribeToIoTCore'],
        resources: ['firebreak/truck-7/echo'],
      },
    ],
  });
  expect(isolationTesterAccess('truck-7')['aws.greengrass.ipc.mqttproxy']).toEqual([
    { operations: ['aws.greengrass#PublishToIoTCore'], resources: ['firebreak/truck-7/isolation/evidence'] },
  ]);
});

test('nothing that a truck may do reaches another truck', () => {
  const resources = truckStatements('truck-7', ARN).flatMap(({ Resource }) => Resource);
  for (const resource of resources) expect(resource).toMatch(/^arn:aws:iot:eu-central-1:123456789012:.*\btruck-7\b/);
  expect(resources).toContain(`${ARN}:thing/truck-7/network`);
  expect(resources).toContain(`${ARN}:topicfilter/firebreak/truck-7/echo`);
  // What ends in a star, unless behind a sign that no name has, would also be the beginning of another truck's name.
  expect(resources.filter((resource) => /(?<!#)\*/.test(resource))).toEqual([]);
});
