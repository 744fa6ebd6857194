import type * as z from 'zod';
import { hasErrors, mergePolicy, type Problem, readYaml } from '../../policy/index.ts';
import { pathText } from '../../policy/problems.ts';
import { FleetSettings, type RingSettings, type StageSettings } from './schema.ts';

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

export interface Surroundings {
  /** Gives a file's text; throws if it can't be read. */
  readonly read: (path: string) => string;
  /** Names of our components: a release has a version of each. */
  readonly components: readonly string[];
}

/**
 * Reads and checks one stage of a fleet's configuration, and its baseline: by itself it must be a policy, for it is what a truck is of which
 * nothing else is desired.
 * @param file YAML
 * @throws ConfigurationError
 */
export function readStage(file: string, name: string, { read, components }: Surroundings): Stage {
  const { value, problems } = readYaml(textOf(file, read));
  if (hasErrors(problems)) throw new ConfigurationError(file, problems);
  const parsed = FleetSettings.safeParse(value);
  if (!parsed.success) throw new ConfigurationError(file, parsed.error.issues.flatMap(toProblems));
  const { stages } = parsed.data;
  const problem = (path: readonly PropertyKey[], message: string) =>
    new ConfigurationError(file, [{ path: pathText(path), message }]);
  const known = Object.keys(stages).join(', ');
  const settings = stages[name];
  if (settings === undefined)
    throw problem(['stages', name], `There is no such stage. Say cdk -c stage=NAME; there are ${known}.`);
  for (const [other, { account, region }] of Object.entries(stages)) {
    // Component names, fleet index and audit configuration are the account's.
    if (other !== name && account === settings.account && region === settings.region)
      throw problem(['stages', name], `Stage ${other} is in the same account and region. Give each its own.`);
  }
  const inRings = Object.entries(settings.rings).flatMap(([ring, one]) =>
    problemsOfRing(one, components).map(({ key, message }) => ({
      path: pathText(['stages', name, 'rings', ring, ...key]),
      message,
    })),
  );
  if (inRings.length > 0) throw new ConfigurationError(file, inRings);
  return { ...settings, name, baselinePolicy: readBaseline(settings.baseline, read, problem, name) };
}

function textOf(file: string, read: Surroundings['read']): string {
  try {
    return read(file);
  } catch (error) {
    throw new ConfigurationError(file, [
      { path: pathText([]), message: `it can't be read: ${(error as Error).message}` },
    ]);
  }
}

interface RingProblem {
  /** Within the ring. */
  readonly key: readonly string[];
  readonly message: string;
}

/** What the schema can't say. */
function problemsOfRing(
  { startPerMinute, mostPerMinute, release }: RingSettings,
  components: readonly string[],
): readonly RingProblem[] {
  const problems: RingProblem[] = [];
  if (startPerMinute > mostPerMinute)
    problems.push({
      key: ['startPerMinute'],
      message: `${startPerMinute} is more than mostPerMinute, ${mostPerMinute}. Lower it.`,
    });
  if (release === undefined) return problems;
  const released = Object.keys(release);
  for (const name of released.filter((one) => !components.includes(one)))
    problems.push({ key: ['release', name], message: 'It is no component of ours. Remove it.' });
  const missing = components.filter((name) => !released.includes(name));
  if (missing.length > 0)
    problems.push({
      key: ['release'],
      message: `${missing.join(', ')} is missing, and would be removed from trucks. Add its version.`,
    });
  return problems;
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
