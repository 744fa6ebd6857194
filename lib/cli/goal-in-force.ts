import { type Goal, readCheckpoint } from '../../components/network-manager/checkpoint.ts';
import { inForce } from '../../components/network-manager/provisional.ts';
import { EXIT, ExitError } from './exit.ts';

/**
 * What is in force on this truck, also if that is still to be confirmed; while it is being changed, what was in force before.
 * @param checkpoint its file
 * @throws ExitError if there is none; CheckpointError
 */
export async function goalInForce(checkpoint: string): Promise<Goal> {
  const known = await readCheckpoint(checkpoint);
  const goal = inForce(known) ?? known.good;
  if (goal === null) throw new ExitError(EXIT.failed, 'no policy is in force');
  return goal;
}
