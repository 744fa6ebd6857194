import type { Command } from 'commander';

/** Commands by their names. Each is loaded with all that it needs only when it is asked for. */
export type Commands = Readonly<Record<string, () => Promise<Command>>>;

/** Those that work on the computer that they are started on: what is shipped to trucks has no others. */
export const ON_TRUCK: Commands = {
  policy: async () => (await import('./policy.ts')).policyCommand(),
  apply: async () => (await import('./apply.ts')).applyCommand(),
  confirm: async () => (await import('./confirm.ts')).confirmCommand(),
  guard: async () => (await import('./guard.ts')).guardCommand(),
  status: async () => (await import('./status.ts')).statusCommand(),
  recover: async () => (await import('./recover.ts')).recoverCommand(),
  watch: async () => (await import('./watch.ts')).watchCommand(),
  matrix: async () => (await import('./matrix.ts')).matrixCommand(),
  bypasses: async () => (await import('./bypasses.ts')).bypassesCommand(),
  drops: async () => (await import('./drops.ts')).dropsCommand(),
  leases: async () => (await import('./leases.ts')).leasesCommand(),
  down: async () => (await import('./down.ts')).downCommand(),
  'router-image': async () => (await import('./router-image.ts')).routerImageCommand(),
};

/** The command of this name; all of them for every other word, such as --help. */
export function commandsOf(commands: Commands, word: string | undefined): Promise<readonly Command[]> {
  const wanted = Object.entries(commands).filter(([name]) => name === word);
  const loads = wanted.length > 0 ? wanted : Object.entries(commands);
  return Promise.all(loads.map(([, load]) => load()));
}
