import type { Draft } from '../draft.ts';
import type { Problem } from '../problems.ts';

/** One thing that can be wrong with a policy whose shape is right. Pure; it knows nothing of the other checks. */
export type Check = (draft: Draft) => Iterable<Problem>;
