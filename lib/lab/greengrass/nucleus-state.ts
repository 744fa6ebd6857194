import { readIfExists, writeDurably } from '../../../components/host/files.ts';
import { type Deployment, NOTHING } from './deployment/plan.ts';

/** How a deployment went. */
export interface Outcome {
  readonly deploymentId: string;
  readonly status: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';
  /** As in the nucleus' status of a deployment. */
  readonly detailedStatus?:
    | 'SUCCESSFUL'
    | 'FAILED_NO_STATE_CHANGE'
    | 'FAILED_ROLLBACK_COMPLETE'
    | 'FAILED_ROLLBACK_NOT_REQUESTED'
    | 'REJECTED';
  readonly reason?: string;
}

/** What survives a kill and a power cut. */
export interface NucleusState {
  readonly deployed: Deployment;
  /** While a deployment is under way: what was there before, and whether to go back to it. */
  readonly before?: Deployment;
  readonly rollback?: boolean;
  readonly outcome?: Outcome;
}

export async function readState(path: string): Promise<NucleusState> {
  const text = await readIfExists(path);
  return text === null ? { deployed: NOTHING } : (JSON.parse(text) as NucleusState);
}

export async function writeState(path: string, state: NucleusState): Promise<void> {
  await writeDurably(path, JSON.stringify(state));
}
