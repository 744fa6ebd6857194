import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AMAZON_VERSIONS } from '../fleet/versions.ts';
import { SHADOWS } from '../shadow/names.ts';
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
 * @param directory that `npm run build:components` made
 * @throws Error when they are not built, or the deployment did not succeed
 */
export async function deployComponents(
  greengrass: Greengrass,
  directory: string,
  configuration: NetworkManagerConfiguration,
): Promise<Outcome> {
  const built = await readFile(join(directory, 'components.json'), 'utf8');
  const store = await unread(directory, createHash('sha256').update(built).digest('hex').slice(0, 12));
  const versions = JSON.parse(built) as readonly { readonly name: string; readonly version: string }[];
  const outcome = await greengrass.deploy(
    {
      components: {
        'aws.greengrass.Nucleus': merging(AMAZON_VERSIONS['aws.greengrass.Nucleus'], {
          interpolateComponentConfiguration: true,
        }),
        'aws.greengrass.ShadowManager': merging(AMAZON_VERSIONS['aws.greengrass.ShadowManager'], {
          synchronize: { coreThing: { classic: false, namedShadows: [...SHADOWS] } },
        }),
        ...Object.fromEntries(
          versions.map(({ name, version }) => [
            name,
            name === 'com.firebreak.NetworkManager' ? merging(version, configuration) : { componentVersion: version },
          ]),
        ),
      },
    },
    { recipes: join(store, 'recipes'), artifacts: join(store, 'artifacts') },
  );
  if (outcome.status !== 'SUCCEEDED') throw new Error(`the deployment ended with ${JSON.stringify(outcome)}`);
  return outcome;
}

function merging(componentVersion: string, merge: object) {
  return { componentVersion, configurationUpdate: { reset: ['/accessControl'], merge: { ...merge } } };
}

/** A copy under a name that follows its content: what a VM sees of a directory that it has read may be stale. */
async function unread(directory: string, digest: string): Promise<string> {
  const copy = `${directory}.${digest}`;
  if (existsSync(copy)) return copy;
  const making = `${copy}.${process.pid}`;
  await rm(making, { recursive: true, force: true });
  await cp(directory, making, { recursive: true });
  await rename(making, copy);
  // Those of earlier builds; what was deployed from them, Greengrass has copied.
  for (const name of await readdir(dirname(copy))) {
    const isOld = name.startsWith(`${basename(directory)}.`) && name !== basename(copy);
    if (isOld) await rm(join(dirname(copy), name), { recursive: true, force: true });
  }
  return copy;
}
