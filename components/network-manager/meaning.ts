import { parsePolicy } from '../../lib/policy/index.ts';
import { compile, type TruckEquipment } from '../../lib/truck/compile.ts';
import type { Meaning } from './apply.ts';

/** What policy documents mean on a truck with this equipment. */
export function meaningWith(equipment: TruckEquipment): Meaning {
  return async (document) => compile(checked(document), equipment);
}

function checked(document: string) {
  const { policy, problems } = parsePolicy(document);
  if (policy !== undefined) return policy;
  const why = problems.filter(({ severity }) => severity === 'error').map(({ path, message }) => `${path}: ${message}`);
  throw new Error(`this version of Firebreak refuses the policy that was in force:\n${why.join('\n')}`);
}
