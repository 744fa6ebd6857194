import { type App, type Environment, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Stage } from './config/read-stage.ts';

import type { BuiltComponent } from './edge-suite/built-components.ts';
import { EdgeSuiteStack } from './edge-suite/edge-suite-stack.ts';
import { GuardStack } from './guard/guard-stack.ts';
import { IdentityStack } from './identity/identity-stack.ts';
import { InsightStack } from './insight/insight-stack.ts';
import { prefixOf, RINGS, type Ring } from './names.ts';
import { RingStack } from './rollout/ring-stack.ts';

export interface Fleet {
  readonly edgeSuite: EdgeSuiteStack;
  readonly identity: IdentityStack;
  readonly insight: InsightStack;
  readonly rings: Readonly<Record<Ring, RingStack>>;
}

/** All stacks of one fleet. */
export function addFleet(app: App, stage: Stage, components: readonly BuiltComponent[]): Fleet {
  const { account, region } = stage;
  const env: Environment = { ...(account !== undefined && { account }), ...(region !== undefined && { region }) };
  const common = { stage, env, terminationProtection: true };
  const id = (part: string) => `${prefixOf(stage.name)}-${part}`;
  const edgeSuite = new EdgeSuiteStack(app, id('edge-suite'), { ...common, components });
  const identity = new IdentityStack(app, id('identity'), common);
  const insight = new InsightStack(app, id('insight'), common);
  insight.addStackDependency(identity);
  const built = Object.fromEntries(components.map(({ name, version }) => [name, version]));
  const guard = new GuardStack(app, id('guard'), { ...common, components: Object.keys(built), warn: insight.warn });
  guard.addStackDependency(identity);
  guard.addStackDependency(insight);
  let before: IdentityStack | RingStack = identity;
  const rings = RINGS.map((ring): [Ring, RingStack] => {
    const stack = new RingStack(app, id(`ring-${ring}`), { ...common, ring, built });
    stack.addStackDependency(edgeSuite);
    stack.addStackDependency(before);
    before = stack;
    return [ring, stack];
  });
  Tags.of(app).add('firebreak:stage', stage.name);
  for (const [key, value] of Object.entries(stage.tags)) Tags.of(app).add(key, value);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { edgeSuite, identity, insight, rings: Object.fromEntries(rings) as Record<Ring, RingStack> };
}
