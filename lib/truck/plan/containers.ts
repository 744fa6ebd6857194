import type { OwnContainer, Router, TruckNetwork } from '../network.ts';
import type { Observed, ObservedContainer } from '../observed.ts';
import { containerSpecification, routerSpecification } from '../specification.ts';
import type { Obstacle, Step } from '../steps.ts';
import { lostEndpoints } from './router.ts';

/** Containers that must be made anew or away, and the attachments that must change on those that stay. */
export interface ContainerChanges {
  readonly removals: readonly Step[];
  readonly disconnections: readonly Step[];
  readonly creations: readonly Step[];
  readonly routerCreation: readonly Step[];
  readonly routerConnections: readonly Step[];
  readonly connections: readonly Step[];
  readonly routerStart: readonly Step[];
  readonly starts: readonly Step[];
}

export function containerObstacles(desired: TruckNetwork, observed: Observed): readonly Obstacle[] {
  const ours = [
    desired.router.name,
    ...desired.containers.filter(({ kind }) => kind === 'own').map(({ name }) => name),
  ];
  return ours.flatMap((name) => {
    const found = observed.containers.find((container) => container.name === name);
    return found === undefined || found.owned
      ? []
      : [
          {
            what: `container ${name} exists and was not made by Firebreak`,
            remedy: `remove it (docker rm ${name}), or leave its image out of the policy: then it is adopted as it is`,
          },
        ];
  });
}

/** Containers to be adopted that nobody has made yet: they get their place when they come. */
export function absentContainers(desired: TruckNetwork, observed: Observed): readonly string[] {
  return desired.containers
    .filter(
      ({ kind, name }) =>
        kind === 'adopted' && !observed.containers.some((found) => found.name === name && !found.owned),
    )
    .map(({ name }) => name);
}

/** @param stale networks that are removed in this plan, so that nothing may stay on them. */
export function planContainers(
  desired: TruckNetwork,
  observed: Observed,
  stale: ReadonlySet<string>,
  segments: ReadonlySet<string>,
): ContainerChanges {
  const own = desired.containers.filter((container) => container.kind === 'own');
  const wanted = new Map<string, string>([
    [desired.router.name, routerSpecification(desired.router)],
    ...own.map((container) => [container.name, containerSpecification(container)] as const),
  ]);
  const isStale = (found: ObservedContainer) =>
    found.owned &&
    (found.orphaned === true ||
      wanted.get(found.name) !== found.specification ||
      // Docker pins a container's own network in it: when that network goes, the container can't be started again.
      (found.name !== desired.router.name && found.endpoints.some(({ network }) => stale.has(network))));
  const removed = observed.containers.filter(isStale);
  const kept = new Map(observed.containers.filter((found) => !isStale(found)).map((found) => [found.name, found]));

  const unusable = new Set([...stale, ...lostEndpoints(desired.router, observed.router)]);
  // On the host link there is nobody but the router.
  const closed = new Set([...stale, ...desired.networks.filter(({ role }) => role === 'host').map(({ name }) => name)]);
  const attachments = [...kept.values()].map((found) =>
    attach(found, wantedEndpoints(desired, found, segments), found.name === desired.router.name ? unusable : closed),
  );
  const routerKept = kept.get(desired.router.name);
  const byRouter = (step: Step) => 'container' in step && step.container === desired.router.name;
  const connections = attachments.flatMap(({ connections }) => connections);

  return {
    removals: removed.map(({ name }) => ({ do: 'remove-container', container: name })),
    disconnections: attachments.flatMap(({ disconnections }) => disconnections),
    routerCreation: routerKept === undefined ? [createRouter(desired.router)] : [],
    routerConnections: connections.filter(byRouter),
    routerStart: routerKept?.running === true ? [] : [{ do: 'start-container', container: desired.router.name }],
    creations: own.filter(({ name }) => !kept.has(name)).map(createContainer),
    connections: connections.filter((step) => !byRouter(step)),
    starts: own
      .filter(({ name }) => kept.get(name)?.running !== true)
      .map(({ name }): Step => ({ do: 'start-container', container: name })),
  };
}

/**
 * Where a container belongs: the router and the policy's containers to what the policy says, and to nothing else; any other container
 * stays on the segments that it chose itself, undefined meaning "an address of Docker's choice".
 */
function wantedEndpoints(
  desired: TruckNetwork,
  found: ObservedContainer,
  segments: ReadonlySet<string>,
): { readonly only: boolean; readonly endpoints: readonly { network: string; address?: string }[] } {
  if (found.name === desired.router.name) return { only: true, endpoints: desired.router.endpoints };
  const named = desired.containers.find(({ name }) => name === found.name);
  if (named !== undefined) return { only: true, endpoints: [named.endpoint] };
  const chosen = found.endpoints.map(({ network }) => network).filter((network) => segments.has(network));
  return { only: false, endpoints: chosen.map((network) => ({ network })) };
}

function attach(
  found: ObservedContainer,
  { only, endpoints }: ReturnType<typeof wantedEndpoints>,
  stale: ReadonlySet<string>,
): { readonly disconnections: readonly Step[]; readonly connections: readonly Step[] } {
  const right = (network: string, address: string) =>
    !stale.has(network) &&
    endpoints.some((wanted) => wanted.network === network && (wanted.address ?? address) === address);
  return {
    disconnections: found.endpoints
      .filter(({ network, address }) => (only ? !right(network, address) : stale.has(network)))
      .map(({ network }) => ({ do: 'disconnect', container: found.name, network })),
    connections: endpoints
      .filter(
        (wanted) =>
          !found.endpoints.some(({ network, address }) => network === wanted.network && right(network, address)),
      )
      .map(({ network, address }) => ({
        do: 'connect',
        container: found.name,
        network,
        ...(address === undefined ? {} : { address }),
      })),
  };
}

function createContainer(container: OwnContainer): Step {
  return { do: 'create-container', container, specification: containerSpecification(container) };
}

function createRouter(router: Router): Step {
  return { do: 'create-router', router, specification: routerSpecification(router) };
}
