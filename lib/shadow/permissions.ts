import { echoTopic, evidenceTopic, SHADOWS, type ShadowName, shadowTopic } from './names.ts';

/** What a component asks of the local Greengrass, by service: the content of a recipe's `accessControl`, without names and descriptions. */
export type AccessControl = Readonly<Record<string, readonly Access[]>>;

interface Access {
  readonly operations: readonly string[];
  readonly resources: readonly string[];
}

/** @param thing a name, or a recipe's `{iot:thingName}` */
export function networkManagerAccess(thing: string): AccessControl {
  return {
    ...ownShadow(thing, 'network'),
    'aws.greengrass.ipc.mqttproxy': [
      {
        operations: ['aws.greengrass#PublishToIoTCore', 'aws.greengrass#SubscribeToIoTCore'],
        resources: [echoTopic(thing)],
      },
    ],
  };
}

/** @param thing a name, or a recipe's `{iot:thingName}` */
export function isolationTesterAccess(thing: string): AccessControl {
  return {
    ...ownShadow(thing, 'isolation'),
    'aws.greengrass.ipc.mqttproxy': [
      { operations: ['aws.greengrass#PublishToIoTCore'], resources: [evidenceTopic(thing)] },
    ],
  };
}

function ownShadow(thing: string, shadow: ShadowName): AccessControl {
  const topic = shadowTopic(thing, shadow);
  return {
    'aws.greengrass.ShadowManager': [
      { operations: ['aws.greengrass#GetThingShadow', 'aws.greengrass#UpdateThingShadow'], resources: [topic] },
    ],
    'aws.greengrass.ipc.pubsub': [
      { operations: ['aws.greengrass#SubscribeToTopic'], resources: [`${topic}/update/delta`] },
    ],
  };
}

/** A statement of an AWS IoT policy. */
export interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/**
 * What the IoT policy of a truck's certificate must allow for this project, besides what the Greengrass nucleus needs for itself. ShadowManager
 * synchronises over HTTPS, where `${iot:Connection.Thing.ThingName}` has no value: so the thing's name is written out. The nucleus adds
 * `#2` and so on to its client ID when it needs further connections; a thing's name has no such sign.
 * @param arn the beginning of the account's resources, `arn:aws:iot:eu-central-1:123456789012`
 */
export function truckStatements(thing: string, arn: string): readonly Statement[] {
  return [
    allow(['iot:Connect'], [`${arn}:client/${thing}`, `${arn}:client/${thing}#*`]),
    allow(['iot:Publish'], [`${arn}:topic/${evidenceTopic(thing)}`, `${arn}:topic/${echoTopic(thing)}`]),
    allow(['iot:RetainPublish'], [`${arn}:topic/${evidenceTopic(thing)}`]),
    allow(['iot:Subscribe'], [`${arn}:topicfilter/${echoTopic(thing)}`]),
    allow(['iot:Receive'], [`${arn}:topic/${echoTopic(thing)}`]),
    allow(
      ['iot:GetThingShadow', 'iot:UpdateThingShadow', 'iot:DeleteThingShadow'],
      SHADOWS.map((shadow) => `${arn}:thing/${thing}/${shadow}`),
    ),
  ];
}

const allow = (Action: readonly string[], Resource: readonly string[]): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
});
