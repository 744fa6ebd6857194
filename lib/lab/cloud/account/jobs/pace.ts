/** How fast a rollout goes round (IoT Jobs, "Job rollout configuration"): things that are told of it a minute. */
export interface RolloutPace {
  /** null: all at once. */
  readonly mostPerMinute: number | null;
  /** It begins slowly, and is multiplied by `factor` whenever so many more things were told, or have succeeded. */
  readonly exponential?: {
    readonly basePerMinute: number;
    readonly factor: number;
    readonly after: number;
    readonly counted: 'notified' | 'succeeded';
  };
}

export const AT_ONCE: RolloutPace = { mostPerMinute: null };

/** Things a minute, as it stands; Infinity: all at once. */
export function ratePerMinute(
  { mostPerMinute, exponential }: RolloutPace,
  counts: { readonly notified: number; readonly succeeded: number },
): number {
  const most = mostPerMinute ?? Number.POSITIVE_INFINITY;
  if (exponential === undefined) return most;
  const { basePerMinute, factor, after, counted } = exponential;
  return Math.min(most, basePerMinute * factor ** Math.floor(counts[counted] / after));
}
