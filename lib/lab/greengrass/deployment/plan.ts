import { AMAZON_VERSIONS } from '../../../fleet/versions.ts';
import { fillGaps, isTree, merge, reset, type Tree } from '../configuration/tree.ts';
import { forPlatform, type Platform } from '../recipes/platform.ts';
import { type Library, ResolutionError, resolveComponents } from '../recipes/resolve.ts';
import type { Recipe } from '../recipes/schema.ts';
import { interpolate } from '../recipes/variables.ts';
import type { Deployed, DeploymentDocument } from './document.ts';

/** Components that are part of the nucleus here, with the version that they have. */
export const PROVIDED: Readonly<Record<string, string>> = Object.fromEntries(
  (['aws.greengrass.Nucleus', 'aws.greengrass.ShadowManager', 'aws.greengrass.Cli'] as const).map((name) => [
    name,
    AMAZON_VERSIONS[name],
  ]),
);

/** Everything that is deployed: what survives a restart. Plain JSON. */
export interface Deployment {
  /** Those who are depended on first. */
  readonly recipes: readonly Recipe[];
  /** Of these, and of the provided ones that have one. */
  readonly configurations: Readonly<Record<string, Tree>>;
}

export const NOTHING: Deployment = { recipes: [], configurations: {} };

/**
 * What a device has after a deployment. Pure.
 * @throws ResolutionError
 */
export function planDeployment(
  document: DeploymentDocument,
  present: Deployment,
  library: Library,
  device: { readonly platform: Platform; readonly thing: string },
): Deployment {
  const own = Object.entries(document.components).filter(([name]) => !(name in PROVIDED));
  const wanted = Object.fromEntries(own.map(([name, { componentVersion }]) => [name, componentVersion]));
  const recipes = resolveComponents(wanted, library, PROVIDED);
  for (const recipe of recipes) {
    if (forPlatform(recipe, device.platform) !== undefined) continue;
    const { os, architecture } = device.platform;
    throw new ResolutionError(`${recipe.ComponentName} ${recipe.ComponentVersion} is not for ${os} on ${architecture}`);
  }
  const provided = Object.keys(PROVIDED).map((name) => ({ name, defaults: {} }));
  const all = [...provided, ...recipes.map((recipe) => ({ name: recipe.ComponentName, defaults: defaultsOf(recipe) }))];
  const raw = Object.fromEntries(
    all.map(({ name, defaults }) => [
      name,
      configure(present.configurations[name], defaults, document.components[name]),
    ]),
  );
  // As in the nucleus: only if it is told to (developer guide, interpolateComponentConfiguration).
  const isInterpolated = raw['aws.greengrass.Nucleus']?.interpolateComponentConfiguration === true;
  const configurations = isInterpolated ? (withThing(raw, device.thing) as Record<string, Tree>) : raw;
  return { recipes, configurations };
}

export function defaultsOf({ ComponentConfiguration }: Recipe): Tree {
  return ComponentConfiguration?.DefaultConfiguration ?? {};
}

/** RESET, then MERGE; new defaults only fill gaps. */
function configure(present: Tree | undefined, defaults: Tree, deployed: Deployed | undefined): Tree {
  const { reset: pointers = [], merge: value = {} } = deployed?.configurationUpdate ?? {};
  return fillGaps(merge(reset(present ?? defaults, pointers, defaults), value), defaults);
}

function withThing(value: unknown, thing: string): unknown {
  const fill = (text: string) =>
    interpolate(text, ({ component, namespace, key }) =>
      component === undefined && namespace === 'iot' && key === 'thingName' ? thing : undefined,
    );
  if (typeof value === 'string') return fill(value);
  if (Array.isArray(value)) return value.map((item: unknown) => withThing(item, thing));
  if (!isTree(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [fill(key), withThing(item, thing)]));
}

/** Who has to be started anew: other versions or recipes, and whoever depends on them (HARD). */
export function changedComponents(before: Deployment, after: Deployment): Set<string> {
  const recipeBefore = new Map(before.recipes.map((recipe) => [recipe.ComponentName, JSON.stringify(recipe)]));
  const changed = new Set<string>();
  for (const recipe of after.recipes) {
    const { ComponentName, ComponentDependencies = {} } = recipe;
    const depends = Object.entries(ComponentDependencies).some(
      ([name, { DependencyType }]) => DependencyType !== 'SOFT' && changed.has(name),
    );
    if (depends || recipeBefore.get(ComponentName) !== JSON.stringify(recipe)) changed.add(ComponentName);
  }
  return changed;
}
