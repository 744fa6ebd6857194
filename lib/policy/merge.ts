import { type Checked, checkDocument } from './parse.ts';
import { checkPlain, describeValue, isMap } from './plain.ts';
import { type Path, pathOf, problemIn } from './problem-path.ts';
import { merge as say } from './problems.ts';

/** Which document a value of the effective policy comes from. */
export type Origin = 'baseline' | 'truck';

/** What the fleet's baseline and a truck's patch come to. */
export interface Merged extends Checked {
  /** The effective policy document; none if either of the two can't be merged at all. */
  readonly document?: Record<string, unknown>;
  /** Where the field at this path comes from; that of one which is missing: which document would have to have it. */
  readonly originOf: (path: Path) => Origin;
}

/** What the two documents are called in problems: what their field paths begin with. */
export interface MergeNames {
  readonly baseline: string;
  readonly patch: string;
}

/**
 * The effective policy of a truck: the fleet's baseline changed by the truck's patch (JSON merge patch, RFC 7396), then checked as a whole.
 * The baseline alone need not be a valid policy. It never throws; each problem's path begins with the name of the document that the field
 * comes from.
 */
export function mergePolicy(baseline: unknown, patch: unknown, names: MergeNames): Merged {
  const originOf = (path: Path) => origin(baseline, patch, path);
  const unreadable = [
    ...unmergeable(baseline, say.baselineIsNoMap).map((problem) => problemIn(names.baseline, problem)),
    ...unmergeable(patch, say.patchIsNoMap).map((problem) => problemIn(names.patch, problem)),
  ];
  if (unreadable.length > 0) return { problems: unreadable, originOf };
  const document = mergePatch(baseline, patch) as Record<string, unknown>;
  const { policy, problems } = checkDocument(document);
  return {
    document,
    ...(policy && { policy }),
    problems: problems.map((problem) =>
      problemIn(originOf(pathOf(problem.path)) === 'truck' ? names.patch : names.baseline, problem),
    ),
    originOf,
  };
}

/** RFC 7396: maps are merged key by key, null removes, everything else, lists too, replaces. For values that `checkPlain` has passed. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const merged = new Map(Object.entries(isMap(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

function unmergeable(value: unknown, noMap: typeof say.patchIsNoMap) {
  return isMap(value) ? checkPlain(value) : [noMap(describeValue(value))];
}

function origin(baseline: unknown, patch: unknown, path: Path): Origin {
  let [base, change] = [baseline, patch];
  for (const key of path) {
    // The truck has replaced or removed all of it.
    if (!isMap(change)) return 'truck';
    if (!Object.hasOwn(change, String(key))) return isMap(base) ? 'baseline' : 'truck';
    change = change[String(key)];
    base = isMap(base) && Object.hasOwn(base, String(key)) ? base[String(key)] : undefined;
  }
  return 'truck';
}
