import { checkDraft } from './checks/index.ts';
import { readDocument } from './draft.ts';
import { normalise } from './normalise.ts';
import { checkPlain, describeValue, isMap } from './plain.ts';
import type { Policy } from './policy.ts';
import { hasErrors, type Problem, value as say } from './problems.ts';
import { readJson, readYaml } from './yaml-text.ts';

/** What came of a document: a policy, unless there are errors. Warnings may stand beside it. */
export interface Checked {
  readonly policy?: Policy;
  /** Errors first. */
  readonly problems: readonly Problem[];
}

export interface ParseOptions {
  /** YAML, of which JSON is a part, unless it has to be JSON strictly. */
  readonly format?: 'yaml' | 'json';
}

/** Reads and checks a policy document. It never throws: whatever is wrong with the text is among the problems. */
export function parsePolicy(text: string, options: ParseOptions = {}): Checked {
  const reading = options.format === 'json' ? readJson(text) : readYaml(text);
  if (reading.value === undefined) return { problems: reading.problems };
  const { policy, problems } = checkDocument(reading.value);
  return verdict(policy, [...reading.problems, ...problems]);
}

/** Checks a document that has been parsed already, such as a device shadow. All that is wrong with it is reported at once. */
export function checkDocument(value: unknown): Checked {
  if (!isMap(value)) return { problems: [say.notAMap(describeValue(value))] };
  const strange = checkPlain(value);
  if (strange.length > 0) return { problems: strange };
  const { document, draft, problems: shape } = readDocument(value);
  const problems = [...shape, ...checkDraft(draft)];
  return verdict(document && !hasErrors(problems) ? normalise(document, draft) : undefined, problems);
}

function verdict(policy: Policy | undefined, problems: readonly Problem[]): Checked {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  return { ...(policy && errors.length === 0 && { policy }), problems: [...errors, ...warnings] };
}
