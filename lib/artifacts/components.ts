import type { Component, Place } from './component.ts';
import type { Platform } from './platforms.ts';
import { programArtifact } from './program.ts';
import { routerArtifact } from './router.ts';
import { runtimeArtifact } from './runtime.ts';

/** What a truck gets; those that others depend on come first. */
export const COMPONENTS: readonly Component[] = [
  { directory: 'components/runtime', artifacts: forEach('runtime', runtimeArtifact) },
  { directory: 'components/router', artifacts: forEach('router', routerArtifact) },
  {
    directory: 'components/network-manager',
    // The command line, too: for the recipe's recover, and for whoever looks after a truck.
    artifacts: program('network-manager', { ...agent('network-manager'), firebreak: 'bin/truck.ts' }),
  },
  {
    directory: 'components/isolation-tester',
    artifacts: program('isolation-tester', agent('isolation-tester')),
  },
];

/** What stays, and what it has others do. */
function agent(name: string): Readonly<Record<string, string>> {
  return { main: `components/${name}/main.ts`, worker: `components/${name}/worker.ts` };
}

function forEach(
  name: string,
  make: (platform: Platform, place: Place) => Promise<Uint8Array>,
): Component['artifacts'] {
  return async (platforms, place) => {
    const made = new Map<string, Uint8Array>();
    // One after the other: each fills a processor and a hundred megabytes.
    for (const platform of platforms) made.set(`${name}-${platform.machine}.zip`, await make(platform, place));
    return made;
  };
}

function program(name: string, entryPoints: Readonly<Record<string, string>>): Component['artifacts'] {
  return async (_platforms, place) => new Map([[`${name}.zip`, await programArtifact(entryPoints, place)]]);
}
