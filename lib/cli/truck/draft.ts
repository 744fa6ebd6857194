import { checkDocument, hasErrors, mergePolicy, type Policy, type Problem, readYaml } from '../../policy/index.ts';
import { describeValue, isMap } from '../../policy/plain.ts';
import { EXIT, ExitError } from '../exit.ts';
import { readPolicyText, refusal } from '../read-policy.ts';

/** A file that a truck shall be told, checked as far as it can be checked here. */
export interface Draft {
  readonly what: 'policy' | 'patch';
  readonly document: Readonly<Record<string, unknown>>;
  /** Its own sequence number, or its baseline's; 0: none is known. */
  readonly sequence: number;
  /** The policy that it means with this sequence number; undefined: a patch whose baseline isn't known here. */
  readonly policyWith: (sequence: number) => Policy | undefined;
  /** Warnings. */
  readonly problems: readonly Problem[];
}

/** @param baseline its file, if the draft is a patch and it is known. @throws ExitError with every problem */
export async function readDraft(
  file: string,
  { patch, baseline }: { readonly patch: boolean; readonly baseline?: string },
): Promise<Draft> {
  const document = await readMap(file);
  if (!patch && baseline === undefined) {
    const { policy, problems } = checkDocument(document);
    if (policy === undefined) throw refusal(file, problems);
    const policyWith = (sequence: number) => checkDocument({ ...document, sequence }).policy;
    return { what: 'policy', document, sequence: policy.revision.sequence, policyWith, problems };
  }
  if (baseline === undefined) {
    const sequence = typeof document.sequence === 'number' ? document.sequence : 0;
    return { what: 'patch', document, sequence, policyWith: () => undefined, problems: [] };
  }
  const base = await readMap(baseline);
  const names = { baseline: 'baseline', patch: 'patch' };
  const { policy, problems } = mergePolicy(base, document, names);
  if (policy === undefined) throw refusal(`${file} on ${baseline}`, problems);
  const policyWith = (sequence: number) => mergePolicy(base, { ...document, sequence }, names).policy;
  return { what: 'patch', document, sequence: policy.revision.sequence, policyWith, problems };
}

async function readMap(file: string): Promise<Record<string, unknown>> {
  const { value, problems } = readYaml(await readPolicyText(file));
  if (hasErrors(problems)) throw refusal(file, problems);
  if (!isMap(value))
    throw new ExitError(EXIT.badInput, `${file} is no map of keys and values, but ${describeValue(value)}`);
  return value;
}
