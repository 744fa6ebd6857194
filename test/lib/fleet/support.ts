import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { fillRecipe } from '../../../lib/artifacts/recipe.ts';
import { readStage, type Stage } from '../../../lib/fleet/config/read-stage.ts';
import { type BuiltComponent, readBuiltComponents } from '../../../lib/fleet/edge-suite/built-components.ts';
import { addFleet, type Fleet } from '../../../lib/fleet/fleet.ts';

export const ROOT = process.cwd();
export const BASELINE = 'examples/fleet-baseline.yaml';
const DIRECTORIES = ['runtime', 'router', 'network-manager', 'isolation-tester'];
/** Our components, by the names that these directories' recipes have. */
export const COMPONENTS = ['Runtime', 'Router', 'NetworkManager', 'IsolationTester'].map(
  (name) => `com.firebreak.${name}`,
);

export const CONFIGURATION = `
stages:
  test:
    account: "123456789012"
    region: eu-central-1
    baseline: ${BASELINE}
    depots: [north, south]
    alarms: { page: [duty@example.org], warn: [office@example.org] }
    budget: { monthlyUsd: 50 }
    detect: true
    tunnels: true
`;

const readText = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** The stage that tests use, or what its text is replaced by. */
export function stageOf(text = CONFIGURATION, name = 'test'): Stage {
  const read = (path: string) => (path === 'fleet.yaml' ? text : readText(path));
  return readStage('fleet.yaml', name, { read, components: COMPONENTS });
}

/** Components as the build makes them: the real recipes, and small artifacts instead of the real ones. */
export function builtComponents(contentOf: (file: string) => string = (file) => file): readonly BuiltComponent[] {
  return readBuiltComponents(buildComponents(contentOf));
}

/** @returns the directory in which they are */
export function buildComponents(contentOf: (file: string) => string = (file) => file): string {
  const out = temporaryDirectory();
  const versions = new Map<string, string>();
  const list = DIRECTORIES.map((directory) => {
    const template = readText(`components/${directory}/recipe.yaml`);
    const files = [
      ...new Set([...template.matchAll(/s3:\/\/FIREBREAK-ARTIFACTS\/([\w.-]+)/g)].map(([, file]) => file ?? '')),
    ];
    const artifacts = new Map(files.map((file) => [file, Buffer.from(contentOf(file))]));
    const { name, version, text } = fillRecipe(template, { artifacts, versions, architectures: ['amd64', 'aarch64'] });
    versions.set(name, version);
    mkdirSync(join(out, 'artifacts', name, version), { recursive: true });
    mkdirSync(join(out, 'recipes'), { recursive: true });
    for (const [file, content] of artifacts) writeFileSync(join(out, 'artifacts', name, version, file), content);
    writeFileSync(join(out, 'recipes', `${name}-${version}.yaml`), text);
    return { name, version, recipe: `recipes/${name}-${version}.yaml`, artifacts: [] };
  });
  writeFileSync(join(out, 'components.json'), JSON.stringify(list));
  return out;
}

/** It is removed when a file's tests are over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'firebreak-fleet-'));
  made.push(directory);
  return directory;
}

const made: string[] = [];
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** An app that bundles nothing: tests of the stacks need no Lambda code. */
export function fleetOf(stage: Stage = stageOf(), components = builtComponents()): Fleet & { readonly app: App } {
  const app = new App({
    context: { ...JSON.parse(readText('cdk.json')).context, 'aws:cdk:bundling-stacks': [] },
    analyticsReporting: false,
  });
  return { app, ...addFleet(app, stage, components) };
}

/** Its resources, by logical ID. */
export function resourcesOf(stack: Stack): Readonly<Record<string, Resource>> {
  return (Template.fromStack(stack).toJSON() as { Resources: Record<string, Resource> }).Resources;
}

export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Properties: Record<string, unknown>;
}
