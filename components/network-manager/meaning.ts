import { parsePolicy } from '../../lib/policy/index.ts';
import { compile, type TruckEquipment } from '../../lib/truck/compile.ts';
import type { TruckNetwork } from '../../lib/truck/network.ts';
import type { Meaning } from './apply.ts';

/** What policy documents mean on a truck with this equipment. The last one is remembered: a watch asks for it again and again. */
export function meaningWith(equipment: TruckEquipment): Meaning {
  let known: { readonly document: string; readonly desired: TruckNetwork } | undefined;
  return (document) => {
    if (known?.document !== document) known = { document, desired: compile(checked(document), equipment) };
    return known.desired;
  };
}

function checked(document: string) {
  const { policy, problems } = parsePolicy(document);
  if (policy !== undefined) return policy;
  const why = problems.filter(({ severity }) => severity === 'error').map(({ path, message }) => `${path}: ${message}`);
  throw new Error(`this version of Firebreak refuses the policy that was in force:\n${why.join('\n')}`);
}
