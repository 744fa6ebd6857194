import type { AbortCriterion, ExecutionStatus } from './abort.ts';

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
  /** Of things that have begun or were cancelled; all others of the target are queued. */
  readonly executions: Map<string, Execution>;
}
