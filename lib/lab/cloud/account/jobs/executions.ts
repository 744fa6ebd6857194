import type { Account } from '../account.ts';
import { groupOf, isIn, membersOf } from '../groups.ts';
import { thingOf } from '../things.ts';
import { abortBy, type Counts, EXECUTION_STATUSES, type ExecutionStatus } from './abort.ts';
import type { Execution, Job } from './job.ts';

/** @throws Refusal when there is no such target */
export function checkTarget(account: Account, { kind, name }: Job['target']): void {
  if (kind === 'thing') thingOf(account, name);
  else groupOf(account, name);
}

/** Every thing that the job is for or was for, in order, with what came of it. */
export function* executionsOf(job: Job, account: Account): Iterable<{ readonly thing: string } & Execution> {
  const { kind, name } = job.target;
  const members = kind === 'thing' ? [name] : [...membersOf(account, name, true)];
  const queued: Execution = { status: 'QUEUED', updatedAt: job.createdAt };
  for (const thing of new Set([...members, ...job.executions.keys()].sort())) {
    const known = job.executions.get(thing);
    if (known !== undefined || job.status === 'IN_PROGRESS') yield { thing, ...(known ?? queued) };
  }
}

/** What is known of one thing; null: the job isn't for it. */
export function executionOf(job: Job, account: Account, thing: string): Execution | null {
  const known = job.executions.get(thing);
  if (known !== undefined) return known;
  const { kind, name } = job.target;
  const isTarget = kind === 'thing' ? name === thing : isIn(account, thing, name);
  return isTarget && job.status === 'IN_PROGRESS' ? { status: 'QUEUED', updatedAt: job.createdAt } : null;
}

export function countsOf(job: Job, account: Account): Counts {
  const counts = Object.fromEntries(EXECUTION_STATUSES.map((status) => [status, 0])) as Record<ExecutionStatus, number>;
  for (const { status } of executionsOf(job, account)) counts[status]++;
  return counts;
}

/** A truck says how it gets on; by that the job may be given up. @param at milliseconds since 1970 */
export function reportExecution(job: Job, account: Account, thing: string, status: ExecutionStatus, at: number): void {
  job.executions.set(thing, { status, updatedAt: at });
  if (job.status === 'IN_PROGRESS' && abortBy(job.criteria, countsOf(job, account)) !== null)
    cancel(job, account, 'ABORT_THRESHOLD_EXCEEDED', at);
}

/** What is queued doesn't begin any more; what is under way is let end. */
export function cancel(job: Job, account: Account, reasonCode: string, at: number): void {
  for (const { thing, status } of [...executionsOf(job, account)]) {
    if (status === 'QUEUED') job.executions.set(thing, { status: 'CANCELED', updatedAt: at });
  }
  job.status = 'CANCELED';
  job.reasonCode = reasonCode;
}
