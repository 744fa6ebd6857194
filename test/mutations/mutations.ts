import type { Countermeasures, Layer } from '../components/isolation-tester/careless-truck.ts';
import { nameOfChange, type RulesetChange, rulesetChanges, without } from './ruleset.ts';

/** One thing taken out of what closes a truck. */
export interface Mutation {
  /** Unique within one policy: `router, prerouting: without “iif lo accept”`. */
  readonly name: string;
  readonly layer: Layer;
  /** All layers, but for that. */
  readonly countermeasures: Countermeasures;
  /** Of a ruleset. */
  readonly change?: RulesetChange;
}

/** Everything that can be taken out of the layers, one at a time: each rule, each element of a set, each default, each sysctl. PURE. */
export function mutations(whole: Countermeasures): readonly Mutation[] {
  const ofRulesets = (['host', 'edge', 'router'] as const).flatMap((layer) =>
    rulesetChanges(whole[layer]).flatMap((change): readonly Mutation[] => {
      const ruleset = without(whole[layer], change);
      if (ruleset === null) return [];
      const name = `${layer}, ${nameOfChange(change)}`;
      return [{ name, layer, change, countermeasures: { ...whole, [layer]: ruleset } }];
    }),
  );
  const ofSysctls = (['sysctls', 'routerSysctls'] as const).flatMap((layer) =>
    whole[layer].map((taken): Mutation => {
      const rest = whole[layer].filter((sysctl) => sysctl !== taken);
      const owner = layer === 'sysctls' ? 'host' : 'router';
      const name = `${owner}, sysctl: without ${taken.path} = ${taken.value}`;
      return { name, layer, countermeasures: { ...whole, [layer]: rest } };
    }),
  );
  return [...ofRulesets, ...ofSysctls];
}
