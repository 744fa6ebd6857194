import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { State } from '../../../../lib/lab/greengrass/lifecycle/state.ts';
import { Nucleus, type NucleusOptions } from '../../../../lib/lab/greengrass/nucleus.ts';
import { platformOf } from '../../../../lib/lab/greengrass/recipes/platform.ts';
import { until } from '../../../components/host/until.ts';
import { FakeCloud } from './mqtt/fake-cloud.ts';

/** A device with a local store of recipes and artifacts, and small components in shell. */
export class TestTruck {
  readonly directory = mkdtempSync(join(tmpdir(), 'fb-gg-'));
  readonly root = join(this.directory, 'root');
  readonly store = { recipes: join(this.directory, 'recipes'), artifacts: join(this.directory, 'artifacts') };
  readonly log: string[] = [];
  readonly cloud = new FakeCloud();
  #nucleus: Nucleus | undefined;

  constructor() {
    mkdirSync(this.store.recipes);
    mkdirSync(this.store.artifacts);
  }

  get nucleus(): Nucleus {
    if (this.#nucleus === undefined) throw new Error('it is not started');
    return this.#nucleus;
  }

  async start(options: Partial<NucleusOptions> = {}): Promise<Nucleus> {
    this.#nucleus = await Nucleus.start({
      ...{ root: this.root, thing: 'truck-1', region: 'eu-central-1', rootCa: '/ca.pem', cloud: this.cloud },
      ...{
        platform: platformOf(process.arch),
        log: (component: string, line: string) => this.log.push(`${component}: ${line}`),
      },
      ...options,
    });
    return this.#nucleus;
  }

  async stop(): Promise<void> {
    await this.#nucleus?.stop();
    this.#nucleus = undefined;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Puts a component into the store. */
  component(
    name: string,
    version: string,
    lifecycle: object,
    more: object = {},
    artifacts: Record<string, Uint8Array | string> = {},
  ): void {
    const recipe = { RecipeFormatVersion: '2020-01-25', ComponentName: name, ComponentVersion: version };
    const Artifacts = Object.keys(artifacts).map((file) => ({
      URI: `s3://BUCKET/${file}`,
      ...(file.endsWith('.zip') && { Unarchive: 'ZIP' }),
      Permission: { Read: 'ALL', Execute: 'ALL' },
    }));
    const Manifests = [{ Platform: { os: 'linux' }, Lifecycle: lifecycle, Artifacts }];
    writeFileSync(join(this.store.recipes, `${name}-${version}.yaml`), stringify({ ...recipe, ...more, Manifests }));
    const directory = join(this.store.artifacts, name, version);
    mkdirSync(directory, { recursive: true });
    for (const [file, content] of Object.entries(artifacts)) writeFileSync(join(directory, file), content);
  }

  deploy(components: Record<string, string | object>, policies: object = {}) {
    const all = Object.entries(components).map(([name, what]) => [
      name,
      typeof what === 'string' ? { componentVersion: what } : what,
    ]);
    return this.nucleus.deploy({ components: Object.fromEntries(all), deploymentPolicies: policies }, this.store);
  }

  state(name: string): State | undefined {
    return this.nucleus.status().components.find((component) => component.name === name)?.state;
  }

  async reaches(name: string, state: State): Promise<void> {
    await until(`${name} is ${state}`, () => this.state(name) === state);
  }

  /** Lines of a file in a component's work directory. */
  lines(component: string, file: string): string[] {
    const path = join(this.root, 'work', component, file);
    return existsSync(path)
      ? readFileSync(path, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
      : [];
  }
}
