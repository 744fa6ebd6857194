import type { Meaning } from '../../components/network-manager/apply.ts';
import type { Goal } from '../../components/network-manager/checkpoint.ts';
import { hostSubnets } from '../../components/network-manager/host-subnets.ts';
import { meaningWith } from '../../components/network-manager/meaning.ts';
import { checkAgainstHost, hasErrors, type Policy } from '../policy/index.ts';
import { policyOf, readPolicyText, refusal } from './read-policy.ts';
import { routerImageOf } from './router-image-of.ts';
import type { TruckOptions } from './truck-options.ts';

/** A policy file, and what it means on this very truck. @throws ExitError also for subnets that the truck is in already */
export async function compileForTruck(
  file: string,
  options: TruckOptions,
): Promise<{ readonly policy: Policy; readonly goal: Goal; readonly mean: Meaning }> {
  const document = await readPolicyText(file);
  const policy = policyOf(document, file);
  const problems = checkAgainstHost(policy, await hostSubnets());
  if (hasErrors(problems)) throw refusal(file, problems);
  return { policy, goal: { revision: policy.revision.id, document }, mean: await meaningOnTruck(options) };
}

/** What policies mean on this truck, with the equipment that it was told. @throws ExitError */
export async function meaningOnTruck(options: TruckOptions): Promise<Meaning> {
  return meaningWith({ routerImage: await routerImageOf(options) });
}
