import type { Figure } from './figures/figure.ts';

export interface BenchOptions {
  /** How often everybody does his work. */
  readonly rounds: number;
  /** Shorter loads, fewer swaps: to see that it works, not to quote it. */
  readonly quick: boolean;
  /** The letters of the sections that are measured. */
  readonly only: readonly string[];
  /** What is being done now. */
  readonly say: (what: string) => void;
}

/** One section of the bench. */
export type Bench = (options: BenchOptions) => Promise<readonly Figure[]>;
