import { join } from 'node:path';
import type { Docker } from '../host/docker.ts';

/** The truck as the network manager reaches it: its Docker Engine, and the directory that survives a power cut. */
export interface Truck {
  readonly docker: Docker;
  readonly state: StateDirectory;
  /** Archive of the router's image, for `docker load`. */
  readonly routerArchive: string;
}

export interface StateDirectory {
  /** Mounted read-only into the router. */
  readonly router: string;
  /** Mounted into the router, and written by its DHCP servers: a file of leases for each segment. */
  readonly leases: string;
  /** What the kernel listed right after a ruleset was loaded. */
  readonly listings: string;
  /** Held by whoever changes the truck. */
  readonly lock: string;
  /** From which policy to which the truck was on its way. */
  readonly checkpoint: string;
  /** Room for the way back on a full disk. */
  readonly reserve: string;
  /** A file for each guard that is needed. */
  readonly guards: string;
  /** What was well before the change that is under way. */
  readonly baseline: string;
}

export function stateDirectory(root: string): StateDirectory {
  return {
    router: join(root, 'router'),
    leases: join(root, 'leases'),
    listings: join(root, 'listings'),
    lock: join(root, 'lock'),
    checkpoint: join(root, 'checkpoint.json'),
    reserve: join(root, 'reserve'),
    guards: join(root, 'guards'),
    baseline: join(root, 'baseline.json'),
  };
}
