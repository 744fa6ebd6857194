import { hostSubnets } from '../../components/network-manager/host-subnets.ts';
import { checkAgainstHost, hasErrors, type Policy } from '../policy/index.ts';
import { compile } from '../truck/compile.ts';
import type { TruckNetwork } from '../truck/network.ts';
import { readPolicy, refusal } from './read-policy.ts';
import { routerImageOf } from './router-image-of.ts';
import type { TruckOptions } from './truck-options.ts';

/** A policy file, and what it means on this very truck. @throws ExitError also for subnets that the truck is in already */
export async function compileForTruck(
  file: string,
  options: TruckOptions,
): Promise<{ readonly policy: Policy; readonly desired: TruckNetwork }> {
  const policy = await readPolicy(file);
  const problems = checkAgainstHost(policy, await hostSubnets());
  if (hasErrors(problems)) throw refusal(file, problems);
  return { policy, desired: compile(policy, { routerImage: await routerImageOf(options) }) };
}
