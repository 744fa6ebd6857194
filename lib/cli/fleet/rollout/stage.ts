import type { Rollout, RolloutCounts } from '../cloud.ts';

export type Stage = 'running' | 'done' | 'failed' | 'cancelled';

/**
 * Where a rollout stands. A thing group's never ends by itself, for who joins the group gets it, too: it is done as soon as nobody is waiting for it or
 * busy with it. Pure.
 */
export function stageOf({ status }: Pick<Rollout, 'status'>, counts: RolloutCounts): Stage {
  if (counts.isCancelled || status === 'CANCELED' || status === 'INACTIVE') return 'cancelled';
  if (counts.queued + counts.inProgress > 0) return 'running';
  return failures(counts) > 0 || status === 'FAILED' ? 'failed' : 'done';
}

export const failures = ({ failed, timedOut, rejected }: RolloutCounts): number => failed + timedOut + rejected;
const all = (counts: RolloutCounts): number =>
  failures(counts) + counts.queued + counts.inProgress + counts.succeeded + counts.cancelled;

/** Why what a ring runs should not go to the next ring; empty: it may. Pure. @param unproved its trucks that are not proved isolated */
export function objections(rollout: Rollout, counts: RolloutCounts, unproved: number): readonly string[] {
  const stage = stageOf(rollout, counts);
  return [
    ...(stage === 'running' ? [`${counts.queued + counts.inProgress} of its trucks are not done yet`] : []),
    ...(stage === 'cancelled' ? ['its rollout was cancelled'] : []),
    ...(failures(counts) > 0 ? [`it failed on ${failures(counts)} of its trucks`] : []),
    ...(counts.succeeded === 0 ? ['none of its trucks has it'] : []),
    ...(unproved > 0 ? [`${unproved} of its trucks are not proved isolated`] : []),
  ];
}

/** `12 of 40 trucks: 3 under way, 1 failed`. */
export function countLine(counts: RolloutCounts): string {
  const parts = [
    [counts.queued, 'queued'],
    [counts.inProgress, 'under way'],
    [counts.failed, 'failed'],
    [counts.timedOut, 'timed out'],
    [counts.rejected, 'rejected'],
    [counts.cancelled, 'cancelled'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `${counts.succeeded} of ${all(counts)} trucks have it${said.length > 0 ? `: ${said.join(', ')}` : ''}`;
}
