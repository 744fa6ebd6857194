import fc from 'fast-check';
import { claimPolicy, MOST_POLICY_CHARACTERS } from '../../../lib/fleet/identity/device-policy.ts';
import { templateBody } from '../../../lib/fleet/identity/template-body.ts';
import { SERIAL_PATTERN, thingOf } from '../../../lib/fleet/names.ts';
import {
  type AccessControl,
  echoTopic,
  evidenceTopic,
  isolationTesterAccess,
  networkManagerAccess,
  SHADOWS,
  shadowTopic,
} from '../../../lib/shadow/index.ts';
import { isAllowed } from './evaluate-policy.ts';
import { renderTemplate } from './render-template.ts';

const ARN = 'arn:aws:iot:eu-central-1:123456789012';
const BODY = templateBody({
  arn: ARN,
  roleAlias: 'firebreak-test-token-exchange',
  thingType: 'firebreak-test-truck',
  defaultRing: 'firebreak-test-ring-fleet',
  defaultDepot: 'firebreak-test-depots',
});
const policiesOf = (serial: string) => renderTemplate(BODY, { SerialNumber: serial, 'AWS::IoT::Certificate::Id': 'c' });
const serials = fc.stringMatching(new RegExp(SERIAL_PATTERN));

/** All that can be asked of a truck's topics, shadows and thing. */
function requestsAbout(thing: string): readonly (readonly [action: string, resource: string])[] {
  const shadows = [...SHADOWS.map((shadow) => shadowTopic(thing, shadow)), `$aws/things/${thing}/shadow`];
  const topics = [
    evidenceTopic(thing),
    echoTopic(thing),
    ...shadows.flatMap((topic) =>
      ['get', 'update', 'update/accepted', 'update/delta', 'delete'].map((end) => `${topic}/${end}`),
    ),
    `$aws/things/${thing}/jobs/$next/get`,
    `$aws/things/${thing}/greengrassv2/health/json`,
    `$aws/things/${thing}/tunnels/notify`,
  ];
  const filters = [...topics, `firebreak/${thing}/#`, `$aws/things/${thing}/#`];
  return [
    ...topics.flatMap((topic) =>
      ['Publish', 'Receive', 'RetainPublish'].map((verb) => [`iot:${verb}`, `${ARN}:topic/${topic}`] as const),
    ),
    ...filters.map((filter) => ['iot:Subscribe', `${ARN}:topicfilter/${filter}`] as const),
    ...['GetThingShadow', 'UpdateThingShadow', 'DeleteThingShadow', 'ListNamedShadowsForThing'].flatMap((verb) =>
      [`${ARN}:thing/${thing}`, ...SHADOWS.map((shadow) => `${ARN}:thing/${thing}/${shadow}`)].map(
        (resource) => [`iot:${verb}`, resource] as const,
      ),
    ),
    ['iot:Connect', `${ARN}:client/${thing}`],
    ['iot:Connect', `${ARN}:client/${thing}#2`],
  ];
}

test('a truck may do nothing with another truck’s topics, shadows, thing and client IDs', () => {
  fc.assert(
    fc.property(serials, serials, (own, other) => {
      fc.pre(own !== other);
      const { documents } = policiesOf(own);
      for (const [action, resource] of requestsAbout(thingOf(other)))
        if (isAllowed(documents, action, resource)) throw new Error(`${own} may ${action} ${resource}`);
    }),
  );
});

test.each([
  ['1', '11'],
  ['11', '1'],
  ['a', 'a-jobs'],
])('not even if one serial number, %s, begins as the other, %s', (own, other) => {
  const { documents } = policiesOf(own);
  const allowed = requestsAbout(thingOf(other)).filter(([action, resource]) => isAllowed(documents, action, resource));
  expect(allowed).toEqual([]);
});

test('nor with all trucks’ topics at once', () => {
  const { documents } = policiesOf('7');
  for (const filter of [
    '#',
    '+/#',
    'firebreak/#',
    'firebreak/+/isolation/evidence',
    '$aws/things/+/shadow/#',
    '$aws/things/#',
  ])
    expect([filter, isAllowed(documents, 'iot:Subscribe', `${ARN}:topicfilter/${filter}`)]).toEqual([filter, false]);
});

test('a policy with a star too many is seen', () => {
  const careless = renderTemplate(BODY, { SerialNumber: '7*', 'AWS::IoT::Certificate::Id': 'c' }).documents;
  const allowed = requestsAbout(thingOf('70')).filter(([action, resource]) => isAllowed(careless, action, resource));
  expect(allowed.length).toBeGreaterThan(10);
});

test('a truck may do all that its own components ask of the cloud', () => {
  const thing = thingOf('7');
  const { documents } = policiesOf('7');
  const may = (action: string, resource: string) =>
    expect([action, resource, isAllowed(documents, action, `${ARN}:${resource}`)]).toEqual([action, resource, true]);
  may('iot:Connect', `client/${thing}`);
  may('iot:Connect', `client/${thing}#2`);
  for (const access of [networkManagerAccess(thing), isolationTesterAccess(thing)])
    for (const [action, resource] of cloudRequests(access, thing)) may(action, resource);
  may('iot:RetainPublish', `topic/${evidenceTopic(thing)}`);
  may('iot:AssumeRoleWithCertificate', 'rolealias/firebreak-test-token-exchange');
  for (const shadow of SHADOWS) {
    may('iot:Subscribe', `topicfilter/${shadowTopic(thing, shadow)}/update/accepted`);
    may('iot:Receive', `topic/${shadowTopic(thing, shadow)}/update/accepted`);
    may('iot:Subscribe', `topicfilter/${shadowTopic(thing, shadow)}/delete/accepted`);
  }
  may('iot:Subscribe', `topicfilter/$aws/things/${thing}/jobs/notify-next`);
  may('iot:Publish', `topic/$aws/things/${thing}/jobs/$next/get`);
});

/** What the local Greengrass does in the cloud for a component that has this access. */
function* cloudRequests(access: AccessControl, thing: string): Iterable<readonly [string, string]> {
  for (const { operations, resources } of access['aws.greengrass.ipc.mqttproxy'] ?? [])
    for (const resource of resources) {
      if (operations.includes('aws.greengrass#PublishToIoTCore')) yield ['iot:Publish', `topic/${resource}`];
      if (!operations.includes('aws.greengrass#SubscribeToIoTCore')) continue;
      yield ['iot:Subscribe', `topicfilter/${resource}`];
      yield ['iot:Receive', `topic/${resource}`];
    }
  for (const { operations, resources } of access['aws.greengrass.ShadowManager'] ?? [])
    for (const operation of operations)
      for (const resource of resources)
        yield [operation.replace('aws.greengrass#', 'iot:'), `thing/${thing}/${resource.split('/').at(-1)}`];
}

test('each policy fits, with the longest serial number in the region of the longest name', () => {
  const body = templateBody({
    arn: 'arn:aws:iot:ap-southeast-2:123456789012',
    roleAlias: `firebreak-${'s'.repeat(16)}-token-exchange`,
    thingType: 'type',
    defaultRing: 'ring',
    defaultDepot: 'depots',
  });
  const { policies } = renderTemplate(body, { SerialNumber: 'X'.repeat(32), 'AWS::IoT::Certificate::Id': 'c' });
  for (const policy of policies) expect(policy.length).toBeLessThanOrEqual(MOST_POLICY_CHARACTERS);
});

test('who has the claim may get a certificate, and neither be a truck nor hear or say anything else', () => {
  const claim = [claimPolicy('firebreak-test-truck', 'truck-', ARN)];
  expect(isAllowed(claim, 'iot:Connect', `${ARN}:client/0b5cf6c4-0d5c-4f0e-9a57-1f3d9d2f0a11`)).toBe(true);
  expect(isAllowed(claim, 'iot:Publish', `${ARN}:topic/$aws/certificates/create/json`)).toBe(true);
  expect(
    isAllowed(claim, 'iot:Publish', `${ARN}:topic/$aws/provisioning-templates/firebreak-test-truck/provision/json`),
  ).toBe(true);
  const topic = '$aws/provisioning-templates/firebreak-test-truck/provision/json/accepted';
  expect(isAllowed(claim, 'iot:Subscribe', `${ARN}:topicfilter/${topic}`)).toBe(true);
  for (const [action, resource] of requestsAbout('truck-7')) expect(isAllowed(claim, action, resource)).toBe(false);
  expect(isAllowed(claim, 'iot:Publish', `${ARN}:topic/$aws/provisioning-templates/other/provision/json`)).toBe(false);
});

test('a truck is put into the ring and the depot that the hook says, and by itself into the last ring and no depot', () => {
  expect(policiesOf('7').thing.ThingGroups).toEqual(['firebreak-test-ring-fleet', 'firebreak-test-depots']);
  const { thing } = renderTemplate(BODY, {
    SerialNumber: '7',
    RingGroup: 'firebreak-test-ring-canary',
    DepotGroup: 'firebreak-test-depot-north',
    'AWS::IoT::Certificate::Id': 'c',
  });
  expect(thing).toMatchObject({
    ThingName: 'truck-7',
    ThingGroups: ['firebreak-test-ring-canary', 'firebreak-test-depot-north'],
  });
});

test('on everything it may only do what Greengrass knows its certificate by', () => {
  const broad = policiesOf('7').documents.flatMap(({ Statement }) =>
    Statement.filter(({ Resource }) => Resource.includes('*')),
  );
  expect(broad.flatMap(({ Action }) => Action)).toEqual([
    'greengrass:GetComponentVersionArtifact',
    'greengrass:GetDeploymentConfiguration',
    'greengrass:ListThingGroupsForCoreDevice',
    'greengrass:ResolveComponentCandidates',
  ]);
});
