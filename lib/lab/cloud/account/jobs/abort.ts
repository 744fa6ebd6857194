/** When a rollout is given up (IoT Jobs, "Job abort configuration"). */
export interface AbortCriterion {
  readonly failureType: 'FAILED' | 'REJECTED' | 'TIMED_OUT' | 'ALL';
  readonly action: 'CANCEL';
  readonly thresholdPercentage: number;
  readonly minNumberOfExecutedThings: number;
}

export const EXECUTION_STATUSES = [
  'QUEUED',
  'IN_PROGRESS',
  'SUCCEEDED',
  'FAILED',
  'TIMED_OUT',
  'REJECTED',
  'REMOVED',
  'CANCELED',
] as const;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];
/** Nothing more comes of it. */
export const isTerminal = (status: ExecutionStatus): boolean => status !== 'QUEUED' && status !== 'IN_PROGRESS';
export type Counts = Readonly<Record<ExecutionStatus, number>>;

/** The first criterion that is met; null: none. What is queued, under way or cancelled counts as not executed. */
export function abortBy(criteria: readonly AbortCriterion[], counts: Counts): AbortCriterion | null {
  const executed = counts.SUCCEEDED + counts.FAILED + counts.TIMED_OUT + counts.REJECTED;
  const isMet = ({ failureType, thresholdPercentage, minNumberOfExecutedThings }: AbortCriterion) => {
    const failed = failureType === 'ALL' ? counts.FAILED + counts.TIMED_OUT + counts.REJECTED : counts[failureType];
    return executed >= minNumberOfExecutedThings && (failed * 100) / executed >= thresholdPercentage;
  };
  return criteria.find((criterion) => executed > 0 && isMet(criterion)) ?? null;
}
