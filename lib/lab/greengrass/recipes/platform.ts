import { globalLifecycles } from './checks.ts';
import type { Artifact, Lifecycle, Manifest, Recipe } from './schema.ts';

/** What a device is, as recipes' `Platform` asks for it: `os`, `architecture`, and whatever the nucleus' configuration adds. */
export type Platform = Readonly<Record<string, string>>;

/** @param architecture as Node says it (`process.arch`) */
export function platformOf(architecture: string): Platform {
  const words: Record<string, string> = { x64: 'amd64', arm64: 'aarch64', ia32: 'x86', arm: 'arm' };
  return { os: 'linux', architecture: words[architecture] ?? architecture };
}

/** What a recipe means on one platform. */
export interface PlatformRecipe {
  readonly lifecycle: Lifecycle;
  readonly artifacts: readonly Artifact[];
}

/** The first manifest whose platform the device has; undefined: the component isn't for it. */
export function forPlatform(recipe: Recipe, platform: Platform): PlatformRecipe | undefined {
  const manifest = recipe.Manifests.find(({ Platform = {} }) =>
    Object.entries(Platform).every(([attribute, wanted]) => matches(wanted, platform[attribute])),
  );
  if (manifest === undefined) return undefined;
  return { lifecycle: manifest.Lifecycle ?? selected(recipe, manifest), artifacts: manifest.Artifacts ?? [] };
}

/** `all` (in the sense of a platform: `*`), a value, or a regular expression between slashes. */
function matches(wanted: string, got: string | undefined): boolean {
  if (wanted === '*') return true;
  if (got === undefined) return false;
  return /^\/.*\/$/.test(wanted) ? new RegExp(`^(?:${wanted.slice(1, -1)})$`).test(got) : wanted === got;
}

/** The part of the global lifecycle that a manifest without one of its own selects. */
function selected(recipe: Recipe, { Selections = ['all'] }: Manifest): Lifecycle {
  const lifecycles = new Map(globalLifecycles(recipe));
  for (const selection of Selections) {
    const lifecycle = lifecycles.get(selection) ?? (selection === 'all' ? lifecycles.get('') : undefined);
    if (lifecycle !== undefined) return lifecycle;
  }
  return {};
}
