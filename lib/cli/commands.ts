import type { Command } from 'commander';
import { type Commands, commandsOf, ON_TRUCK } from './commands-on-truck.ts';

/** A watch, which runs for months, doesn't carry the lab's code with it. */
const COMMANDS: Commands = {
  ...ON_TRUCK,
  truck: async () => (await import('./truck/truck.ts')).truckCommand(),
  fleet: async () => (await import('./fleet/fleet.ts')).fleetCommand(),
  lab: async () => (await import('./lab.ts')).labCommand(),
  demo: async () => (await import('./demo/demo.ts')).demoCommand(),
};

export const commandsFor = (word: string | undefined): Promise<readonly Command[]> => commandsOf(COMMANDS, word);
