import type * as z from 'zod';
import { hasErrors, mergePolicy, type Problem, readYaml } from '../../policy/index.ts';
import { pathText } from '../../policy/problems.ts';
import { FleetSettings, type StageSettings } from './schema.ts';

/** What one fleet is made from. */
export interface Stage extends StageSettings {
  readonly name: string;
  /** The document that `baseline` names. */
  readonly baselinePolicy: Readonly<Record<string, unknown>>;
}

/** The fleet's configuration is wrong. The message has a line for each problem, with its file and field path. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(file: string, problems: readonly Pick<Problem, 'path' | 'message'>[]) {
    super(problems.map(({ path, message }) => `${file}: ${path}: ${message}`).join('\n'));
  }
}

/**
 * Reads and checks one stage of a fleet's configuration, and its baseline: by itself it must be a policy, for it is what a truck is of which
 * nothing else is desired.
 * @param file how messages name it
 * @param text YAML
 * @param read gives the text of a file that is named in it; throws if it can't be read
 * @throws ConfigurationError
 */
export function readStage(file: string, text: string, name: string | undefined, read: (path: string) => string): Stage {
  const { value, problems } = readYaml(text);
  if (hasErrors(problems)) throw new ConfigurationError(file, problems);
  const parsed = FleetSettings.safeParse(value);
  if (!parsed.success) throw new ConfigurationError(file, parsed.error.issues.flatMap(toProblems));
  const { stages } = parsed.data;
  const problem = (path: readonly PropertyKey[], message: string) =>
    new ConfigurationError(file, [{ path: pathText(path), message }]);
  const known = Object.keys(stages).join(', ');
  if (name === undefined) throw problem(['stages'], `Which one? Say cdk -c stage=NAME; there are ${known}.`);
  const settings = stages[name];
  if (settings === undefined) throw problem(['stages', name], `There is no such stage. There are ${known}.`);
  for (const [other, { account, region }] of Object.entries(stages)) {
    // Component names, fleet index and audit configuration are the account's.
    if (other !== name && account === settings.account && region === settings.region)
      throw problem(['stages', name], `Stage ${other} is in the same account and region. Give each its own.`);
  }
  for (const [ring, { startPerMinute, mostPerMinute }] of Object.entries(settings.rings)) {
    if (startPerMinute > mostPerMinute)
      throw problem(
        ['stages', name, 'rings', ring, 'startPerMinute'],
        `${startPerMinute} is more than mostPerMinute, ${mostPerMinute}. Lower it.`,
      );
  }
  return { ...settings, name, baselinePolicy: readBaseline(settings.baseline, read, problem, name) };
}

function readBaseline(
  path: string,
  read: (path: string) => string,
  problem: (path: readonly PropertyKey[], message: string) => ConfigurationError,
  name: string,
): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = read(path);
  } catch (error) {
    throw problem(['stages', name, 'baseline'], `${path} can't be read: ${(error as Error).message}`);
  }
  const { value, problems } = readYaml(text);
  if (hasErrors(problems)) throw new ConfigurationError(path, problems);
  const merged = mergePolicy(value, {}, { baseline: 'baseline', patch: 'patch' });
  if (merged.policy === undefined) throw new ConfigurationError(path, merged.problems);
  return value as Readonly<Record<string, unknown>>;
}

function toProblems(issue: z.core.$ZodIssue): Pick<Problem, 'path' | 'message'>[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: pathText(issue.path), message: `${issue.message}.` }];
  return issue.keys.map((key) => ({
    path: pathText([...issue.path, key]),
    message: 'The key is unknown here. Remove it.',
  }));
}
