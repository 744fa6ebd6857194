import type { Command } from 'commander';

/** Each is loaded with all that it needs only when it is asked for: a watch, which runs for months, doesn't carry the lab's code with it. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  policy: async () => (await import('./policy.ts')).policyCommand(),
  apply: async () => (await import('./apply.ts')).applyCommand(),
  confirm: async () => (await import('./confirm.ts')).confirmCommand(),
  guard: async () => (await import('./guard.ts')).guardCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  recover: async () => (await import('./recover.ts')).recoverCommand(),
  watch: async () => (await import('./watch.ts')).watchCommand(),
  matrix: async () => (await import('./matrix.ts')).matrixCommand(),
  bypasses: async () => (await import('./bypasses.ts')).bypassesCommand(),
  down: async () => (await import('./down.ts')).downCommand(),
  'router-image': async () => (await import('./router-image.ts')).routerImageCommand(),
  truck: async () => (await import('./truck/truck.ts')).truckCommand(),
  fleet: async () => (await import('./fleet/fleet.ts')).fleetCommand(),
  lab: async () => (await import('./lab.ts')).labCommand(),
  demo: async () => (await import('./demo/demo.ts')).demoCommand(),
};

/** The command of this name; all of them for every other word, such as --help. */
export function commandsFor(word: string | undefined): Promise<readonly Command[]> {
  const wanted = Object.entries(COMMANDS).filter(([name]) => name === word);
  const loads = wanted.length > 0 ? wanted : Object.entries(COMMANDS);
  return Promise.all(loads.map(([, load]) => load()));
}
