import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { digest } from './digest.ts';
import { versionOf } from './version.ts';

/** Stands in artifact URIs where the bucket belongs; whoever deploys from a bucket puts its name there. */
export const BUCKET = 'FIREBREAK-ARTIFACTS';
/** What AWS IoT Greengrass takes. */
const MOST_BYTES = 16_000;
const UNKNOWN_VERSION = '0.0.0';
/** The nucleus doesn't tell a component which version it is; the recipe does, if its Setenv has this. */
const VERSION_VARIABLE = 'FIREBREAK_VERSION';

/** Only what is filled in; the recipe's schema is checked where recipes are read. */
const Template = z.looseObject({
  ComponentName: z.string(),
  ComponentVersion: z.literal(UNKNOWN_VERSION),
  ComponentDependencies: z.record(z.string(), z.looseObject({ VersionRequirement: z.string() })).optional(),
  Manifests: z.array(
    z.looseObject({
      Platform: z.looseObject({ architecture: z.string() }),
      Artifacts: z.array(z.looseObject({ URI: z.string() })),
    }),
  ),
  Lifecycle: z.looseObject({ Setenv: z.looseObject({ [VERSION_VARIABLE]: z.string().optional() }).optional() }),
});

export interface BuiltRecipe {
  readonly name: string;
  readonly version: string;
  /** YAML, without the template's comments. */
  readonly text: string;
}

export interface Filling {
  /** Content of each artifact, by file name. */
  readonly artifacts: ReadonlyMap<string, Uint8Array>;
  /** Versions of our own components that were built before. */
  readonly versions: ReadonlyMap<string, string>;
  /** Greengrass' names of the architectures that were built for; other manifests are left out. */
  readonly architectures: readonly string[];
}

/**
 * Fills in a component's recipe: digests and places of its artifacts, exact versions of our own components that it needs, and its
 * version, which follows from all the rest. So a changed byte anywhere below gives every component that can see it another version.
 * @param template text of a recipe.yaml, with version 0.0.0 for itself and for ours, and s3://FIREBREAK-ARTIFACTS/FILE for artifacts
 * @throws Error about an artifact that is named and not built or the other way round, and about a recipe that Greengrass finds too large.
 */
export function fillRecipe(template: string, { artifacts, versions, architectures }: Filling): BuiltRecipe {
  const recipe = templateOf(template);
  const name = recipe.ComponentName;
  const manifests = recipe.Manifests.filter(({ Platform }) => architectures.includes(Platform.architecture));
  const dependencies = pinned(recipe.ComponentDependencies, versions);
  const named = new Set<string>();
  const recipeAt = (version: string) => ({
    ...recipe,
    ComponentVersion: version,
    ...(dependencies === undefined ? {} : { ComponentDependencies: dependencies }),
    Manifests: manifests.map((manifest) => ({
      ...manifest,
      Artifacts: manifest.Artifacts.map(({ URI, ...rest }) => {
        const file = fileOf(URI, name);
        named.add(file);
        return { ...located(file, `${name}/${version}`, artifacts), ...rest };
      }),
    })),
    Lifecycle: knowing(recipe.Lifecycle, version),
  });
  const version = versionOf(digest(write(recipeAt(UNKNOWN_VERSION)), 'hex'));
  const text = write(recipeAt(version));
  const forgotten = [...artifacts.keys()].filter((file) => !named.has(file));
  if (forgotten.length > 0) throw new Error(`${name} builds ${forgotten.join(', ')}, which its recipe doesn't name`);
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BYTES) throw new Error(`the recipe of ${name} has ${bytes} bytes, Greengrass takes ${MOST_BYTES}`);
  return { name, version, text };
}

/** @returns what was parsed, in the order in which it is written */
function templateOf(text: string): z.infer<typeof Template> {
  const recipe = parse(text);
  Template.parse(recipe);
  return recipe;
}

/** Ours by the exact version that they were built and tried with; Amazon's by the recipe's range. */
function pinned(dependencies: z.infer<typeof Template>['ComponentDependencies'], versions: Filling['versions']) {
  if (dependencies === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(dependencies).map(([name, dependency]) => {
      if (dependency.VersionRequirement !== UNKNOWN_VERSION) return [name, dependency];
      const version = versions.get(name);
      if (version === undefined) throw new Error(`${name} is needed by a component that is built before it`);
      return [name, { ...dependency, VersionRequirement: version }];
    }),
  );
}

function knowing({ Setenv, ...rest }: z.infer<typeof Template>['Lifecycle'], version: string) {
  if (Setenv?.[VERSION_VARIABLE] === undefined) return { ...(Setenv === undefined ? {} : { Setenv }), ...rest };
  return { Setenv: { ...Setenv, [VERSION_VARIABLE]: version }, ...rest };
}

function located(file: string, place: string, artifacts: ReadonlyMap<string, Uint8Array>) {
  const content = artifacts.get(file);
  if (content === undefined) throw new Error(`a recipe names ${file}, which isn't built`);
  return {
    URI: `s3://${BUCKET}/${place}/${file}`,
    Digest: digest(content, 'base64'),
    Algorithm: 'SHA-256',
  };
}

function fileOf(uri: string, name: string): string {
  const file = uri.startsWith(`s3://${BUCKET}/`) ? uri.slice(`s3://${BUCKET}/`.length) : '';
  if (!/^[\w.-]+$/.test(file)) throw new Error(`${name}: an artifact's URI is s3://${BUCKET}/FILE, not ${uri}`);
  return file;
}

/** In YAML 1.1, as the nucleus reads it, a bare 2020-01-25 would be a date. */
const write = (recipe: object) => stringify(recipe, { lineWidth: 0, version: '1.1' });
