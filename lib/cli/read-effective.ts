import { hasErrors, type Merged, mergePolicy, type Policy, type Problem, readYaml } from '../policy/index.ts';
import { problemIn } from '../policy/problem-path.ts';
import { readPolicyText, refusal } from './read-policy.ts';

/** A fleet's baseline, a truck's patch on it, and what they come to. */
export interface Effective {
  readonly baseline: unknown;
  readonly merged: Merged;
  /** Of both documents and of the effective policy; paths begin with `baseline` or `patch`. */
  readonly problems: readonly Problem[];
}

/** Reads and merges both files. What is wrong with them is among the problems. @throws ExitError if one can't be read */
export async function readEffective(patchFile: string, baselineFile: string): Promise<Effective> {
  const baseline = readYaml(await readPolicyText(baselineFile));
  const patch = readYaml(await readPolicyText(patchFile));
  const problems = [
    ...baseline.problems.map((problem) => problemIn('baseline', problem)),
    ...patch.problems.map((problem) => problemIn('patch', problem)),
  ];
  if (hasErrors(problems))
    return { baseline: baseline.value, merged: { problems, originOf: () => 'baseline' }, problems };
  const merged = mergePolicy(baseline.value, patch.value, { baseline: 'baseline', patch: 'patch' });
  return { baseline: baseline.value, merged, problems: [...problems, ...merged.problems] };
}

/** @throws ExitError with every problem */
export function requirePolicy({ merged, problems }: Effective, file: string): Policy {
  if (merged.policy === undefined) throw refusal(file, problems);
  return merged.policy;
}
