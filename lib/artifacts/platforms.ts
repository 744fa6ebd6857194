import type { Architecture } from '../../components/router/debian.ts';

/** A processor that components are built for, in everybody's words for it. */
export interface Platform {
  readonly debian: Architecture;
  /** Greengrass' platform attribute `architecture`. */
  readonly greengrass: 'amd64' | 'aarch64';
  /** What `uname -m` says on the truck; artifacts bear it in their names. */
  readonly machine: 'x86_64' | 'aarch64';
  /** Node's and npm's. */
  readonly npm: 'x64' | 'arm64';
}

export const PLATFORMS: readonly Platform[] = [
  { debian: 'amd64', greengrass: 'amd64', machine: 'x86_64', npm: 'x64' },
  { debian: 'arm64', greengrass: 'aarch64', machine: 'aarch64', npm: 'arm64' },
];
