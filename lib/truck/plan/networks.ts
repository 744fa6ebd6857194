import type { ContainerNetwork } from '../network.ts';
import type { Observed } from '../observed.ts';
import { networkSpecification } from '../specification.ts';
import type { Obstacle, Step } from '../steps.ts';

export function networkObstacles(networks: readonly ContainerNetwork[], observed: Observed): readonly Obstacle[] {
  return networks.flatMap(({ name }) => {
    const found = observed.networks.find((network) => network.name === name);
    return found === undefined || found.owned
      ? []
      : [
          {
            what: `Docker network ${name} exists and was not made by Firebreak`,
            remedy: `remove it (docker network rm ${name}) or name the segment or uplink otherwise`,
          },
        ];
  });
}

/**
 * Names of own networks that must go: unwanted, made from another specification, or on a bridge that is made anew (the
 * containers' veths were ports of the old one and would hang in the air).
 */
export function staleNetworks(
  networks: readonly ContainerNetwork[],
  observed: Observed,
  addedLinks: ReadonlySet<string>,
): ReadonlySet<string> {
  const wanted = new Map(networks.map((network) => [network.name, network]));
  const isStale = (name: string, specification: string | null) => {
    const network = wanted.get(name);
    if (network === undefined || networkSpecification(network) !== specification) return true;
    return network.bridge !== undefined && addedLinks.has(network.bridge);
  };
  return new Set(
    observed.networks
      .filter(({ name, owned, specification }) => owned && isStale(name, specification))
      .map(({ name }) => name),
  );
}

export function createNetworks(
  networks: readonly ContainerNetwork[],
  observed: Observed,
  stale: ReadonlySet<string>,
): readonly Step[] {
  const kept = new Set(observed.networks.map(({ name }) => name).filter((name) => !stale.has(name)));
  return networks
    .filter(({ name }) => !kept.has(name))
    .map((network) => ({ do: 'create-network', network, specification: networkSpecification(network) }));
}
