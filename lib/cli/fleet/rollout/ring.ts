import { InvalidArgumentError, Option } from 'commander';
import { RINGS, type Ring, ringGroup } from '../../../fleet/names.ts';
import { EXIT, ExitError } from '../../exit.ts';
import type { FleetRollouts, Rollout } from '../cloud.ts';

export const ringOption = (): Option =>
  new Option('--ring <ring>', `whose trucks: ${RINGS.join(', ')}`).argParser(ring).makeOptionMandatory();

export function ring(text: string): Ring {
  const found = RINGS.find((one) => one === text);
  if (found === undefined) throw new InvalidArgumentError(`It is one of ${RINGS.join(', ')}.`);
  return found;
}

/** The ring's newest rollout. @throws ExitError; CloudError */
export async function rolloutOf(rollouts: FleetRollouts, stage: string, which: Ring): Promise<Rollout> {
  const found = await rollouts.latest(ringGroup(stage, which));
  if (found !== null) return found;
  throw new ExitError(
    EXIT.failed,
    `ring ${which} has had no deployment: the first one, with nucleus, shadow manager, rate and abort criteria, is made by the fleet's stacks`,
  );
}
