import type { TruckNetwork } from '../../lib/truck/network.ts';
import type { Step } from '../../lib/truck/steps.ts';
import type { Applied } from './applied.ts';
import { type ApplyOptions, apply, keepInForce, type Meaning } from './apply.ts';
import type { Goal } from './checkpoint.ts';
import type { Truck } from './truck.ts';

const NOTHING: Applied = { steps: [], drift: [], absent: [] };

/**
 * What a watch does at each look: first the policy that it was told, until that is in force; from then on whatever is in force, also when
 * another apply has changed that meanwhile. So they never work against each other.
 * @param told null: the policy that was in force last
 */
export function hold(
  told: Goal | null,
  mean: Meaning,
  truck: Truck,
  options: ApplyOptions,
): {
  readonly repair: (onPlan: (steps: readonly Step[]) => void) => Promise<Applied>;
  readonly sysctls: () => readonly string[];
} {
  let todo = told;
  let known: { readonly document: string; readonly desired: TruckNetwork } | undefined;
  const remembering: Meaning = async (document) => {
    if (known?.document !== document) known = { document, desired: await mean(document) };
    return known.desired;
  };
  return {
    sysctls: () => known?.desired.sysctls.map(({ path }) => path) ?? [],
    repair: async (onPlan) => {
      if (todo !== null) {
        const applied = await apply(todo, remembering, truck, { ...options, onPlan });
        if (applied.drift.length === 0) todo = null;
        return applied;
      }
      return (await keepInForce(remembering, truck, { ...options, onPlan }))?.applied ?? NOTHING;
    },
  };
}
