import { fingerprint } from './fingerprint.ts';
import type { ContainerNetwork, OwnContainer, Router, RouterConfiguration } from './network.ts';

/**
 * Fingerprints that are written as labels on what they describe; when one differs, the thing is made anew. They hold only
 * what can't be changed while it lives.
 */
export const networkSpecification = (network: ContainerNetwork): string => fingerprint(network);

export const containerSpecification = (container: OwnContainer): string => fingerprint(container);

/** The router lives on when segments come and go: its endpoints and its configuration change in place. */
export const routerSpecification = ({ name, image }: Router): string => fingerprint({ name, image });

export const configurationFingerprint = (configuration: RouterConfiguration): string => fingerprint(configuration);
