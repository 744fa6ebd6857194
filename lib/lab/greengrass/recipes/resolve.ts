import type { Recipe } from './schema.ts';
import { compareVersions, satisfies } from './versions.ts';

/** A set of components that can't be had. */
export class ResolutionError extends Error {
  override readonly name = 'ResolutionError';
}

/** Recipes by name, each name in several versions. */
export type Library = ReadonlyMap<string, readonly Recipe[]>;

export function libraryOf(recipes: Iterable<Recipe>): Library {
  const library = new Map<string, Recipe[]>();
  for (const recipe of recipes)
    library.set(recipe.ComponentName, [...(library.get(recipe.ComponentName) ?? []), recipe]);
  return library;
}

/**
 * Which versions of which components a deployment means: what it names, and all their dependencies in the newest version that everybody who
 * depends on them can live with.
 * @param provided components that are part of the nucleus here, with their versions
 * @returns those who are depended on before those who depend, else by name
 * @throws ResolutionError with all requirements that can't be met
 */
export function resolveComponents(
  wanted: Readonly<Record<string, string>>,
  library: Library,
  provided: Readonly<Record<string, string>>,
): Recipe[] {
  const chosen = new Map<string, Recipe>();
  // A choice can add requirements on what was chosen before: until nothing changes.
  for (let rounds = 0; rounds < 100; rounds++) {
    const before = JSON.stringify([...chosen].map(([name, recipe]) => [name, recipe.ComponentVersion]));
    const required = requirementsOf(wanted, chosen);
    for (const name of [...chosen.keys()]) if (!required.has(name)) chosen.delete(name);
    for (const [name, requirements] of required) {
      const version = provided[name];
      if (version === undefined) chosen.set(name, newest(name, requirements, library));
      else checkProvided(name, version, requirements);
    }
    const after = JSON.stringify([...chosen].map(([name, recipe]) => [name, recipe.ComponentVersion]));
    if (before === after) return inOrder(chosen);
  }
  throw new ResolutionError('the components’ dependencies contradict each other');
}

interface Requirement {
  readonly by: string;
  readonly range: string;
}

function requirementsOf(wanted: Readonly<Record<string, string>>, chosen: ReadonlyMap<string, Recipe>) {
  const required = new Map<string, Requirement[]>();
  const add = (name: string, requirement: Requirement) =>
    required.set(name, [...(required.get(name) ?? []), requirement]);
  const reachable = new Set<string>();
  const reach = (name: string) => {
    const recipe = chosen.get(name);
    if (recipe === undefined || reachable.has(name)) return;
    reachable.add(name);
    for (const [dependency, { VersionRequirement }] of Object.entries(recipe.ComponentDependencies ?? {})) {
      add(dependency, { by: `${name} ${recipe.ComponentVersion}`, range: VersionRequirement });
      reach(dependency);
    }
  };
  for (const [name, version] of Object.entries(wanted)) {
    add(name, { by: 'the deployment', range: `=${version}` });
    reach(name);
  }
  return required;
}

function newest(name: string, requirements: readonly Requirement[], library: Library): Recipe {
  const versions = library.get(name) ?? [];
  const [best] = versions
    .filter(({ ComponentVersion }) => requirements.every(({ range }) => satisfies(ComponentVersion, range)))
    .sort((a, b) => compareVersions(b.ComponentVersion, a.ComponentVersion));
  if (best !== undefined) return best;
  const there = versions.map(({ ComponentVersion }) => ComponentVersion).join(', ') || 'no version';
  throw new ResolutionError(`${name}: ${inWords(requirements)}; there is ${there}`);
}

function checkProvided(name: string, version: string, requirements: readonly Requirement[]): void {
  // The nucleus' own components have one version here, whichever of that major the deployment names.
  const unmet = requirements.filter(({ by, range }) => by !== 'the deployment' && !satisfies(version, range));
  if (unmet.length > 0) throw new ResolutionError(`${name}: ${inWords(unmet)}; it is ${version} here`);
}

function inWords(requirements: readonly Requirement[]): string {
  return requirements.map(({ by, range }) => `${by} requires ${range}`).join(', ');
}

function inOrder(chosen: ReadonlyMap<string, Recipe>): Recipe[] {
  const ordered: Recipe[] = [];
  const onTheWay: string[] = [];
  const visit = (name: string) => {
    const recipe = chosen.get(name);
    if (recipe === undefined || ordered.includes(recipe)) return;
    if (onTheWay.includes(name))
      throw new ResolutionError(`dependencies in a circle: ${[...onTheWay, name].join(' → ')}`);
    onTheWay.push(name);
    for (const dependency of Object.keys(recipe.ComponentDependencies ?? {}).sort()) visit(dependency);
    onTheWay.pop();
    ordered.push(recipe);
  };
  for (const name of [...chosen.keys()].sort()) visit(name);
  return ordered;
}
