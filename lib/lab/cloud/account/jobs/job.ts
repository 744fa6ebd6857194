import type { JsonObject } from '../../../shadow/json.ts';
import type { AbortCriterion, ExecutionStatus } from './abort.ts';
import type { RolloutPace } from './pace.ts';

export interface Execution {
  readonly status: ExecutionStatus;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
}

/** A job, as a deployment makes one. A thing group's is continuous: who joins later has it to do, too. */
export interface Job {
  readonly id: string;
  readonly target: { readonly kind: 'thing' | 'thinggroup'; readonly name: string };
  readonly createdAt: number;
  status: 'IN_PROGRESS' | 'CANCELED';
  reasonCode?: string;
  readonly criteria: readonly AbortCriterion[];
  readonly pace: RolloutPace;
  /** What things are told to do. */
  readonly document: JsonObject;
  /** Things that were told of it; all others wait for their turn. */
  readonly notified: Set<string>;
  /** Until when the pace was kept, milliseconds since 1970, and how many things more were due then. */
  paced: { readonly at: number; readonly due: number };
  /** Of things that have begun or were cancelled; all others of the target are queued. */
  readonly executions: Map<string, Execution>;
}
