import type { Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { MOST_POLICY_CHARACTERS } from '../../../lib/fleet/identity/device-policy.ts';
import { deployedComponents } from '../../../lib/fleet/rollout/deployed-components.ts';
import { AMAZON_VERSIONS } from '../../../lib/fleet/versions.ts';
import { SHADOWS } from '../../../lib/shadow/index.ts';
import { renderTemplate } from './render-template.ts';
import { ofType, problemsOf, starsOf } from './rules.ts';
import { builtComponents, CONFIGURATION, fleetOf, type Resource, resourcesOf, stageOf } from './support.ts';

const components = builtComponents();
const fleet = fleetOf(stageOf(), components);
const stacks = fleet.app.node.children as Stack[];
const all = Object.fromEntries(stacks.map((stack) => [stack.stackName, resourcesOf(stack)]));
const of = (part: string): Readonly<Record<string, Resource>> => all[`firebreak-test-${part}`] ?? {};
const ring = (name: string) =>
  ofType(of(`ring-${name}`), 'AWS::GreengrassV2::Deployment')[0]?.Properties as unknown as Deployment;
interface Deployment {
  readonly Components: Record<
    string,
    { ComponentVersion: string; ConfigurationUpdate?: { Merge: string; Reset?: string[] } }
  >;
  readonly DeploymentPolicies: object;
  readonly IotJobConfiguration: object;
}

test('cdk-nag finds nothing that isn’t explained', () => {
  const { violations } = new AwsSolutionsChecks(fleet.app).validateScope(fleet.app);
  expect(violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources])).toEqual([]);
});

test('our own rules find nothing', () => {
  expect(stacks.flatMap((stack) => problemsOf(resourcesOf(stack)))).toEqual([]);
});

test('nothing has a star but what the snapshot lists', () => {
  const stars = stacks.flatMap((stack) => starsOf(resourcesOf(stack)));
  expect([...new Set(stars)].sort()).toMatchSnapshot();
});

test('artifacts lie in one bucket that is encrypted, versioned, asked over TLS only, and kept', () => {
  const [bucket] = ofType(of('edge-suite'), 'AWS::S3::Bucket').filter(
    ({ Properties }) => Properties.VersioningConfiguration,
  );
  expect(bucket).toMatchObject({
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketEncryption: expect.anything(),
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      VersioningConfiguration: { Status: 'Enabled' },
    },
  });
});

test('each component has a version that outlives its stack, with artifacts in the bucket', () => {
  const versions = ofType(of('edge-suite'), 'AWS::GreengrassV2::ComponentVersion');
  expect(versions).toHaveLength(4);
  for (const version of versions) {
    expect(version).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    const recipe = JSON.stringify(version.Properties.InlineRecipe);
    expect(recipe).toContain('/components/com.firebreak.');
    expect(recipe).not.toContain('FIREBREAK-ARTIFACTS');
  }
});

test('each ring runs what was built, beside Amazon’s components of the pinned versions', () => {
  for (const name of ['canary', 'early', 'fleet']) {
    const versions = Object.entries(ring(name).Components).map(([component, { ComponentVersion }]) => [
      component,
      ComponentVersion,
    ]);
    const built = components.map((component) => [component.name, component.version]);
    expect(Object.fromEntries(versions)).toEqual({ ...Object.fromEntries(built), ...AMAZON_VERSIONS });
  }
});

test.each([true, false])('trucks have what takes secure tunnels only where that is asked for: %s', (tunnels) => {
  const options = { versions: {}, roleAlias: 'alias', region: 'eu-central-1', baseline: {}, confirmWithinSeconds: 120 };
  expect('aws.greengrass.SecureTunneling' in deployedComponents({ ...options, tunnels })).toBe(tunnels);
});

test('a deployment brings the baseline, and has both shadows synchronised', () => {
  const merged = (name: string) => JSON.parse(ring('fleet').Components[name]?.ConfigurationUpdate?.Merge ?? '{}');
  expect(merged('com.firebreak.NetworkManager')).toEqual({
    policy: stageOf().baselinePolicy,
    confirmWithinSeconds: 120,
  });
  expect(merged('aws.greengrass.ShadowManager').synchronize.coreThing).toEqual({
    classic: false,
    namedShadows: [...SHADOWS],
  });
  expect(merged('aws.greengrass.Nucleus')).toMatchObject({
    iotRoleAlias: 'firebreak-test-token-exchange',
    interpolateComponentConfiguration: true,
  });
});

test('a ring begins slowly, stops when too many fail, and a truck that fails goes back', () => {
  expect(ring('canary').DeploymentPolicies).toMatchObject({
    FailureHandlingPolicy: 'ROLLBACK',
    ComponentUpdatePolicy: { Action: 'NOTIFY_COMPONENTS', TimeoutInSeconds: 600 },
  });
  expect(ring('canary').IotJobConfiguration).toEqual({
    JobExecutionsRolloutConfig: {
      MaximumPerMinute: 5,
      ExponentialRate: {
        BaseRatePerMinute: 1,
        IncrementFactor: 2,
        RateIncreaseCriteria: { NumberOfSucceededThings: 10 },
      },
    },
    AbortConfig: {
      CriteriaList: ['FAILED', 'TIMED_OUT'].map((FailureType) => ({
        Action: 'CANCEL',
        FailureType,
        MinNumberOfExecutedThings: 1,
        ThresholdPercentage: 10,
      })),
    },
    TimeoutConfig: { InProgressTimeoutInMinutes: 1440 },
  });
});

test('a truck’s credentials read artifacts and write its own logs, nothing else', () => {
  const [role] = ofType(of('identity'), 'AWS::IAM::Policy').filter(({ Properties }) =>
    String(Properties.PolicyName).startsWith('TokenExchange'),
  );
  const { Statement } = (role as Resource).Properties.PolicyDocument as { Statement: { Action: string | string[] }[] };
  expect(Statement.flatMap(({ Action }) => Action).sort()).toEqual([
    'logs:CreateLogStream',
    'logs:DescribeLogStreams',
    'logs:PutLogEvents',
    's3:GetBucketLocation',
    's3:GetObject',
  ]);
});

test('the provisioning template of the stack gives policies that are JSON, and fit', () => {
  const [template] = ofType(of('identity'), 'AWS::IoT::ProvisioningTemplate');
  const body = joined(template?.Properties.TemplateBody);
  const { documents, policies, thing } = renderTemplate(JSON.parse(body), {
    SerialNumber: 'X'.repeat(32),
    'AWS::IoT::Certificate::Id': 'c',
  });
  expect(thing).toMatchObject({
    ThingTypeName: 'firebreak-test-truck',
    ThingGroups: ['firebreak-test-ring-fleet', 'firebreak-test-depots'],
  });
  expect(documents.flatMap(({ Statement }) => Statement).length).toBeGreaterThan(6);
  for (const policy of policies) expect(policy.length).toBeLessThanOrEqual(MOST_POLICY_CHARACTERS);
});

test('each depot has a group, which provisioning may fill, in another hierarchy than the rings', () => {
  const groups = ofType(of('identity'), 'AWS::IoT::ThingGroup').map(({ Properties }) => [
    Properties.ThingGroupName,
    Properties.ParentGroupName,
  ]);
  // "You can't add a thing to more than one group in the same hierarchy" (developer guide, "Static thing groups").
  expect(Object.fromEntries(groups)).toEqual({
    'firebreak-test-trucks': undefined,
    'firebreak-test-ring-canary': 'firebreak-test-trucks',
    'firebreak-test-ring-early': 'firebreak-test-trucks',
    'firebreak-test-ring-fleet': 'firebreak-test-trucks',
    'firebreak-test-depots': undefined,
    'firebreak-test-depot-north': 'firebreak-test-depots',
    'firebreak-test-depot-south': 'firebreak-test-depots',
  });
  const roles = JSON.stringify(ofType(of('identity'), 'AWS::IAM::Policy'));
  for (const name of ['ring-canary', 'depots', 'depot-north'])
    expect(roles).toContain(`thinggroup/firebreak-test-${name}"`);
  expect(roles).not.toContain('thinggroup/firebreak-test-trucks');
});

/** A Fn::Join with the partition filled in. */
function joined(value: unknown): string {
  if (typeof value === 'string') return value;
  const [, parts] = (value as { 'Fn::Join': [string, (string | object)[]] })['Fn::Join'];
  return parts.map((part) => (typeof part === 'string' ? part : 'aws')).join('');
}

test('a rule for what trucks say takes its topic from the words that trucks and cloud share', () => {
  const sql = ofType(of('insight'), 'AWS::IoT::TopicRule').map(
    ({ Properties }) => (Properties.TopicRulePayload as { Sql: string }).Sql.match(/FROM '([^']+)'/)?.[1],
  );
  expect(sql.sort()).toEqual([
    '$aws/things/+/shadow/name/isolation/update/documents',
    '$aws/things/+/shadow/name/network/update/documents',
    'firebreak/+/isolation/evidence',
  ]);
});

test('a breach pages, everything else warns, and alarms may publish', () => {
  const topics = Object.entries(of('insight')).filter(([, { Type }]) => Type === 'AWS::SNS::Topic');
  const [page] = topics.find(([, { Properties }]) => String(Properties.DisplayName).endsWith('page')) ?? [];
  const paging = ofType(of('insight'), 'AWS::CloudWatch::Alarm')
    .filter(({ Properties }) => JSON.stringify(Properties.AlarmActions).includes(String(page)))
    .map(({ Properties }) => Properties.AlarmName);
  expect(paging).toEqual(['firebreak-test-breach']);
  const policies = ofType(of('insight'), 'AWS::SNS::TopicPolicy').map((policy) => JSON.stringify(policy));
  expect(policies).toHaveLength(2);
  for (const policy of policies) expect(policy).toContain('cloudwatch.amazonaws.com');
});

test('the dashboard says what it costs: what is billed, and the bill, which is in us-east-1', () => {
  const [dashboard] = ofType(of('insight'), 'AWS::CloudWatch::Dashboard');
  const { widgets } = JSON.parse(joined(dashboard?.Properties.DashboardBody));
  const [usage, bill] = (widgets as { properties: { title: string; metrics: unknown[] } }[]).slice(-2);
  expect(usage?.properties.title).toContain('What it costs');
  const said = JSON.stringify([usage, bill]);
  for (const name of [
    'PublishIn.Success',
    'Connect.Success',
    'UpdateThingShadow.Accepted',
    'RulesExecuted',
    'AWS/Firehose',
  ])
    expect(said).toContain(name);
  expect(bill?.properties.metrics).toContainEqual(
    expect.arrayContaining(['AWS/Billing', 'EstimatedCharges', expect.objectContaining({ region: 'us-east-1' })]),
  );
});

test('who rescues may open tunnels to SSH of trucks, and to nothing else', () => {
  const [policy] = ofType(of('guard'), 'AWS::IAM::ManagedPolicy');
  const { Statement } = (policy as Resource).Properties.PolicyDocument as { Statement: Record<string, unknown>[] };
  const [open, look] = Statement;
  expect(open).toMatchObject({
    Action: 'iot:OpenTunnel',
    Condition: {
      'ForAllValues:StringEquals': { 'iot:TunnelDestinationService': ['SSH'] },
      Null: { 'iot:TunnelDestinationService': 'false' },
    },
  });
  const groups = JSON.stringify((open?.Condition as Record<string, unknown> | undefined)?.['ForAnyValue:StringEquals']);
  for (const name of ['canary', 'early', 'fleet']) expect(groups).toContain(`:thinggroup/firebreak-test-ring-${name}"`);
  expect(look?.Action).toEqual(['iot:CloseTunnel', 'iot:DescribeTunnel']);
  expect(policy?.Properties).not.toHaveProperty('Roles');
});

test('an audit looks each day for certificates that are old, and tells who is warned', () => {
  const [audit] = ofType(of('guard'), 'AWS::IoT::AccountAuditConfiguration');
  expect(audit?.Properties).toMatchObject({
    AuditCheckConfigurations: { DeviceCertificateAgeCheck: { Enabled: true } },
    AuditNotificationTargetConfigurations: { Sns: { Enabled: true, TargetArn: expect.anything() } },
  });
  const [daily] = ofType(of('guard'), 'AWS::IoT::ScheduledAudit');
  expect(daily?.Properties.TargetCheckNames).toContain('DEVICE_CERTIFICATE_AGE_CHECK');
});

test('an account that is new gets nothing that Amazon gives no new customer', () => {
  const { app } = fleetOf(stageOf(CONFIGURATION.replace('detect: true', 'detect: false')), components);
  const types = (app.node.children as Stack[]).flatMap((stack) =>
    Object.values(resourcesOf(stack)).map(({ Type }) => Type),
  );
  expect(types).toContain('AWS::IoT::ScheduledAudit');
  expect(types).not.toContain('AWS::IoT::SecurityProfile');
});

test('two syntheses of one tree are the same', () => {
  const again = fleetOf(stageOf(), components);
  const second = (again.app.node.children as Stack[]).map((stack) => [stack.stackName, resourcesOf(stack)]);
  expect(Object.fromEntries(second)).toEqual(all);
});

describe('a byte of a component', () => {
  const changed = fleetOf(
    stageOf(),
    builtComponents((file) => (file === 'network-manager.zip' ? `${file}!` : file)),
  );
  const now = ofType(resourcesOf(changed.rings.canary), 'AWS::GreengrassV2::Deployment')[0]
    ?.Properties as unknown as Deployment;
  const recipes = (stack: Stack) =>
    ofType(resourcesOf(stack), 'AWS::GreengrassV2::ComponentVersion').map(({ Properties }) =>
      JSON.stringify(Properties.InlineRecipe),
    );

  test('makes it, and what sees it, another version, and another deployment', () => {
    const before = ring('canary').Components;
    const different = Object.keys(before).filter(
      (name) => before[name]?.ComponentVersion !== now.Components[name]?.ComponentVersion,
    );
    expect(different.sort()).toEqual(['com.firebreak.IsolationTester', 'com.firebreak.NetworkManager']);
  });

  test('changes no recipe but theirs', () => {
    const old = recipes(fleet.edgeSuite);
    expect(recipes(changed.edgeSuite).filter((recipe) => !old.includes(recipe))).toHaveLength(2);
  });
});

test('a ring stays with a release that is named, whatever was built', () => {
  const release = Object.fromEntries(components.map(({ name }) => [name, '1.2.3']));
  const stage = stageOf();
  const held = fleetOf({ ...stage, rings: { ...stage.rings, fleet: { ...stage.rings.fleet, release } } }, components);
  const [deployment] = ofType(resourcesOf(held.rings.fleet), 'AWS::GreengrassV2::Deployment');
  const { Components } = (deployment as Resource).Properties as unknown as Deployment;
  expect(Components['com.firebreak.NetworkManager']?.ComponentVersion).toBe('1.2.3');
  expect(resourcesOf(held.rings.canary)).toEqual(of('ring-canary'));
});

test('the templates are what they were, but for hashes', () => {
  const text = JSON.stringify(all)
    .replaceAll(/[0-9a-f]{64}/g, 'HASH')
    .replaceAll(/Digest: [A-Za-z0-9+/=]{44}/g, 'Digest: HASH');
  const masked = components.reduce((before, { version }) => before.replaceAll(version, 'VERSION'), text);
  expect(JSON.parse(masked)).toMatchSnapshot();
});
