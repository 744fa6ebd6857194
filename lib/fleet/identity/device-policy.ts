import { SHADOWS, type ShadowName, shadowTopic, truckStatements } from '../../shadow/index.ts';

/** A policy document of AWS IoT Core. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/** AWS IoT Core takes no longer one; white space doesn't count. */
export const MOST_POLICY_CHARACTERS = 2048;

/** The shadow by which Greengrass tells a core device of deployments to it alone. */
const DEPLOYMENT_SHADOW = 'AWSManagedGreengrassV2Deployment';

const policy = (...Statement: PolicyStatement[]): PolicyDocument => ({ Version: '2012-10-17', Statement });
const allow = (Action: readonly string[], Resource: readonly string[]): PolicyStatement => ({
  Effect: 'Allow',
  Action,
  Resource,
});

/** What Firebreak's components need: their own shadows, evidence, echo. */
export function componentsPolicy(thing: string, arn: string): PolicyDocument {
  return policy(...truckStatements(thing, arn));
}

/**
 * What the nucleus and Amazon's own components need besides. The developer guide's minimal policy ("Device authentication and authorization"),
 * but with the truck's name written out where that has a wildcard.
 * @param thing a name, or what stands for it
 * @param arn the beginning of the account's IoT resources
 * @param alias name of the role alias
 */
export function nucleusPolicy(thing: string, arn: string, alias: string): PolicyDocument {
  const own = `$aws/things/${thing}`;
  const shadows = [...SHADOWS.map((shadow) => shadowTopic(thing, shadow)), deploymentShadowTopic(thing)];
  const conversations = [`${own}/jobs/*`, ...shadows.map((topic) => `${topic}/*`), `${own}/tunnels/notify`];
  const said = [`${own}/greengrass/health/json`, `${own}/greengrassv2/health/json`];
  return policy(
    allow(
      ['iot:Publish', 'iot:Receive'],
      [...conversations, ...said].map((topic) => `${arn}:topic/${topic}`),
    ),
    allow(
      ['iot:Subscribe'],
      conversations.map((topic) => `${arn}:topicfilter/${topic}`),
    ),
    allow(['iot:AssumeRoleWithCertificate'], [`${arn}:rolealias/${alias}`]),
    // These know the core device by its certificate, and the guide gives no resource that they could be limited to.
    allow(
      [
        'greengrass:GetComponentVersionArtifact',
        'greengrass:GetDeploymentConfiguration',
        'greengrass:ListThingGroupsForCoreDevice',
        'greengrass:ResolveComponentCandidates',
      ],
      ['*'],
    ),
  );
}

function deploymentShadowTopic(thing: string): string {
  return shadowTopic(thing, DEPLOYMENT_SHADOW as ShadowName);
}

/**
 * What the certificate that all new trucks share may do: get one of its own, by this template. It may connect under any client ID, because the
 * nucleus' plugin makes one up, but not under a truck's, which would throw that truck out.
 */
export function claimPolicy(template: string, truckPrefix: string, arn: string): PolicyDocument {
  const topics = ['$aws/certificates/create/json', `$aws/provisioning-templates/${template}/provision/json`];
  const answers = topics.flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`]);
  return policy(
    allow(['iot:Connect'], [`${arn}:client/*`]),
    { Effect: 'Deny', Action: ['iot:Connect'], Resource: [`${arn}:client/${truckPrefix}*`] },
    allow(
      ['iot:Publish'],
      topics.map((topic) => `${arn}:topic/${topic}`),
    ),
    allow(
      ['iot:Receive'],
      answers.map((topic) => `${arn}:topic/${topic}`),
    ),
    allow(
      ['iot:Subscribe'],
      answers.map((topic) => `${arn}:topicfilter/${topic}`),
    ),
  );
}
