import { parsePointer, valueAt } from '../configuration/tree.ts';
import type { RecipeProblem } from './problem.ts';
import { type Artifact, type Lifecycle, type Recipe, STEPS } from './schema.ts';
import { KEYS, variablesIn } from './variables.ts';
import { isRequirement, isVersion } from './versions.ts';

/** What a recipe's shape can't say. */
export function checkRecipe(recipe: Recipe): RecipeProblem[] {
  const { ComponentName, ComponentVersion, ComponentDependencies = {}, Manifests } = recipe;
  const problems: RecipeProblem[] = [];
  const say = (path: string, message: string) => problems.push({ path, message });
  if (!/^[a-zA-Z0-9-_.]{1,128}$/.test(ComponentName)) {
    say('ComponentName', 'at most 128 letters, digits, dots, hyphens and underscores');
  }
  if (!isVersion(ComponentVersion) || ComponentVersion.length > 64) {
    say('ComponentVersion', 'a semantic version of at most 64 characters, such as 1.0.0');
  }
  for (const [name, { VersionRequirement }] of Object.entries(ComponentDependencies)) {
    const path = `ComponentDependencies.${name}`;
    if (!isRequirement(VersionRequirement)) say(`${path}.VersionRequirement`, 'no version range, such as ^1.0.0');
    if (name === ComponentName) say(path, 'a component does not depend on itself');
  }
  for (const [index, { Lifecycle, Artifacts = [] }] of Manifests.entries()) {
    const path = `Manifests.${index}`;
    if (Lifecycle !== undefined) problems.push(...checkLifecycle(recipe, Lifecycle, `${path}.Lifecycle`));
    problems.push(...checkArtifacts(Artifacts, `${path}.Artifacts`));
  }
  for (const [name, lifecycle] of globalLifecycles(recipe)) {
    problems.push(...checkLifecycle(recipe, lifecycle, name === '' ? 'Lifecycle' : `Lifecycle.${name}`));
  }
  return problems;
}

/** By selection; "" is the one without. */
export function globalLifecycles({ Lifecycle: all }: Recipe): [string, Lifecycle][] {
  if (all === undefined) return [];
  const isOne = Object.keys(all).every((key) => key === 'Setenv' || STEPS.some((step) => step === key));
  return isOne ? [['', all as Lifecycle]] : Object.entries(all as Record<string, Lifecycle>);
}

function checkArtifacts(artifacts: readonly Artifact[], path: string): RecipeProblem[] {
  const problems: RecipeProblem[] = [];
  const seen = new Set<string>();
  for (const [index, artifact] of artifacts.entries()) {
    const place = `${path}.${index}`;
    const file = artifactFile(artifact);
    if ((artifact.URI === undefined) === (artifact.Uri === undefined))
      problems.push({ path: place, message: 'an artifact needs a URI' });
    else if (file === '') problems.push({ path: `${place}.URI`, message: 'names no file' });
    else if (seen.has(file))
      problems.push({ path: `${place}.URI`, message: `another artifact is already called ${file}` });
    seen.add(file);
    if (artifact.Unarchive === 'ZIP' && !file.endsWith('.zip')) {
      problems.push({ path: `${place}.Unarchive`, message: `${file} is no .zip` });
    }
  }
  return problems;
}

/** What an artifact is called on the device. */
export function artifactFile({ URI, Uri }: Artifact): string {
  return (URI ?? Uri ?? '').split(/[/:]/).at(-1) ?? '';
}

function checkLifecycle(recipe: Recipe, lifecycle: Lifecycle, path: string): RecipeProblem[] {
  const problems = Object.entries(lifecycle.Setenv ?? {}).flatMap(([name, value]) =>
    checkVariables(recipe, String(value), `${path}.Setenv.${name}`),
  );
  if (lifecycle.startup !== undefined && lifecycle.run !== undefined) {
    problems.push({ path, message: 'a component has startup or run, not both' });
  }
  for (const name of STEPS) {
    const step = lifecycle[name];
    if (step === undefined) continue;
    if (typeof step === 'string') {
      problems.push(...checkVariables(recipe, step, `${path}.${name}`));
      continue;
    }
    const { Script, Skipif, Setenv = {} } = step;
    problems.push(...checkVariables(recipe, Script, `${path}.${name}.Script`));
    for (const [key, value] of Object.entries(Setenv)) {
      problems.push(...checkVariables(recipe, String(value), `${path}.${name}.Setenv.${key}`));
    }
    if (Skipif !== undefined && !/^(onpath|exists)\s+\S/.test(Skipif)) {
      problems.push({ path: `${path}.${name}.Skipif`, message: '"onpath PROGRAM" or "exists PATH"' });
    }
    if (step.BootstrapOnRollback !== undefined && name !== 'bootstrap') {
      problems.push({ path: `${path}.${name}.BootstrapOnRollback`, message: 'only bootstrap has it' });
    }
  }
  return problems;
}

/** A variable that will never have a value would stand in the script as it is. */
function checkVariables(
  { ComponentDependencies, ComponentConfiguration }: Recipe,
  text: string,
  path: string,
): RecipeProblem[] {
  const defaults = ComponentConfiguration?.DefaultConfiguration;
  return variablesIn(text).flatMap(({ component, namespace, key, text: variable }) => {
    const say = (message: string) => [{ path, message: `${variable}: ${message}` }];
    if (component !== undefined && ComponentDependencies?.[component] === undefined) {
      return say(`${component} is not among the ComponentDependencies`);
    }
    if (namespace !== 'configuration') {
      return KEYS[namespace].includes(key) ? [] : say(`${namespace} has ${KEYS[namespace].join(' and ')}`);
    }
    if (!key.startsWith('/')) return say('a configuration is asked by a JSON Pointer, such as /a/b');
    const isKnown = component !== undefined || valueAt(defaults, parsePointer(key)) !== undefined;
    return isKnown ? [] : say('not in the DefaultConfiguration');
  });
}
