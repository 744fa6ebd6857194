import { join } from 'node:path';
import { parsePointer, type Tree, valueAt } from '../configuration/tree.ts';
import { artifactPaths } from '../deployment/artifacts.ts';
import { PROVIDED } from '../deployment/plan.ts';
import type { Recipe } from '../recipes/schema.ts';
import { interpolate } from '../recipes/variables.ts';

/** What recipe variables ask for. */
interface Device {
  readonly root: string;
  readonly thing: string;
  /** Of a component that is deployed. */
  versionOf(component: string): string | undefined;
  configurationOf(component: string): Tree | undefined;
}

/** Puts recipe variables in their place. What is not a text in a configuration is written as JSON. */
export function fillIn(text: string, recipe: Recipe, { root, thing, versionOf, configurationOf }: Device): string {
  return interpolate(text, ({ component, namespace, key }) => {
    const name = component ?? recipe.ComponentName;
    // Its own is the recipe's: when it is ended, another version may already be deployed.
    const version = component === undefined ? recipe.ComponentVersion : versionOf(name);
    switch (namespace) {
      case 'artifacts': {
        if (version === undefined) return undefined;
        const paths = artifactPaths(root, name, version);
        return key === 'path' ? paths.path : paths.decompressedPath;
      }
      case 'work':
        return join(root, 'work', name);
      case 'kernel':
        return root;
      case 'iot':
        return thing;
      case 'configuration': {
        const value = valueAt(configurationOf(name), parsePointer(key));
        return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
      }
    }
  });
}

/** What every script gets, beside what its recipe sets (developer guide, "Component environment variables"). */
export function scriptEnvironment(about: {
  readonly thing: string;
  readonly region: string;
  readonly rootCa: string;
  readonly socket: string;
  readonly token: string;
}): Record<string, string> {
  const { thing, region, rootCa, socket, token } = about;
  const inherited = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...Object.fromEntries(inherited),
    ...{ SVCUID: token, AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: socket, AWS_IOT_THING_NAME: thing },
    ...{ AWS_REGION: region, AWS_DEFAULT_REGION: region, GG_ROOT_CA_PATH: rootCa },
    GGC_VERSION: PROVIDED['aws.greengrass.Nucleus'] ?? '',
  };
}
