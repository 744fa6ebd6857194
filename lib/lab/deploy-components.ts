import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Greengrass } from './greengrass/greengrass.ts';
import type { Outcome } from './greengrass/nucleus-state.ts';

/** What a deployment says to the network manager. */
export interface NetworkManagerConfiguration {
  /** The fleet's baseline: what a truck is of which nothing is desired. */
  readonly policy: Readonly<Record<string, unknown>>;
  /** So long may a change of policy take to prove itself. */
  readonly confirmWithinSeconds?: number;
}

/**
 * Deploys the components as they were built, as the fleet's deployments do.
 * @param directory that `npm run build:components` made; its recipes and artifacts are read where they are
 * @throws Error when they are not built, or the deployment did not succeed
 */
export async function deployComponents(
  greengrass: Greengrass,
  directory: string,
  configuration: NetworkManagerConfiguration,
): Promise<Outcome> {
  const outcome = await greengrass.deploy(
    {
      components: {
        'aws.greengrass.Nucleus': merging('2.14.0', { interpolateComponentConfiguration: true }),
        ...Object.fromEntries(
          (await builtVersions(directory)).map(([name, version]) => [
            name,
            name === 'com.firebreak.NetworkManager' ? merging(version, configuration) : { componentVersion: version },
          ]),
        ),
      },
    },
    { recipes: join(directory, 'recipes'), artifacts: join(directory, 'artifacts') },
  );
  if (outcome.status !== 'SUCCEEDED') throw new Error(`the deployment ended with ${JSON.stringify(outcome)}`);
  return outcome;
}

function merging(componentVersion: string, merge: object) {
  return { componentVersion, configurationUpdate: { reset: ['/accessControl'], merge: { ...merge } } };
}

async function builtVersions(directory: string): Promise<readonly (readonly [string, string])[]> {
  const text = await readFile(join(directory, 'components.json'), 'utf8');
  return (JSON.parse(text) as readonly { readonly name: string; readonly version: string }[]).map(
    ({ name, version }) => [name, version],
  );
}
