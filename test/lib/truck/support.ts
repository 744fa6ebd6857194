import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Policy, parsePolicy } from '../../../lib/policy/index.ts';
import { compile } from '../../../lib/truck/compile.ts';
import type { TruckNetwork } from '../../../lib/truck/network.ts';
import type { Observed } from '../../../lib/truck/observed.ts';
import { plan } from '../../../lib/truck/plan/index.ts';
import { simulate } from '../../../lib/truck/simulate.ts';
import type { Step } from '../../../lib/truck/steps.ts';

export const EXAMPLES = join(__dirname, '../../../examples');

export function policyOf(text: string): Policy {
  const { policy, problems } = parsePolicy(text);
  if (policy === undefined) throw new Error(JSON.stringify(problems, null, 2));
  return policy;
}

export function example(name: string): Policy {
  return policyOf(readFileSync(join(EXAMPLES, name), 'utf8'));
}

export const compiled = (policy: Policy): TruckNetwork =>
  compile(policy, { routerImage: 'firebreak-router:0123456789ab' });

/** Plans and does the steps on a simulated truck. */
export function applySimulated(
  desired: TruckNetwork,
  truck: Observed,
): { readonly truck: Observed; readonly steps: readonly Step[] } {
  const { steps, obstacles } = plan(desired, truck);
  if (obstacles.length > 0) throw new Error(obstacles.map(({ what }) => what).join('; '));
  return { steps, truck: steps.reduce((state, step) => simulate(state, step, desired.router.name), truck) };
}
