import type { Step } from '../../lib/truck/steps.ts';

/** What an apply did. */
export interface Applied {
  /** The steps in the order in which they were done. */
  readonly steps: readonly Step[];
  /** Steps that would still be needed afterwards: none, or the truck network is not what was asked for. */
  readonly drift: readonly Step[];
  /** Containers to be adopted that aren't there yet. */
  readonly absent: readonly string[];
}
