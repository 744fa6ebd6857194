import type { OwnContainer, Router, TruckNetwork } from '../network.ts';
import type { Observed, ObservedContainer, ObservedEndpoint } from '../observed.ts';
import { containerSpecification, routerSpecification } from '../specification.ts';
import type { Obstacle, Step } from '../steps.ts';
import { mendAttachments } from './attachments.ts';
import { lostEndpoints } from './router.ts';

/** Containers that must be made anew or away, and the attachments that must change on those that stay. */
export interface ContainerChanges {
  readonly removals: readonly Step[];
  readonly disconnections: readonly Step[];
  /** Of attachments that stay. */
  readonly mendings: readonly Step[];
  /** Images that those who are made anew need: fetched while the old router, which leads to where they are, is still there. */
  readonly images: readonly Step[];
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
  const isRouter = ({ name }: ObservedContainer) => name === desired.router.name;
  // On the host link there is nobody but the router.
  const closed = new Set([...stale, ...desired.networks.filter(({ role }) => role === 'host').map(({ name }) => name)]);
  const attachments = [...kept.values()].map((found) =>
    attach(found, placesOf(desired, found, segments), isRouter(found) ? unusable : closed, isRouter(found)),
  );
  const disconnections = attachments.flatMap((each) => each.disconnections);
  const routerKept = kept.get(desired.router.name);
  const byRouter = (step: Step) => 'container' in step && step.container === desired.router.name;
  const connections = attachments.flatMap(({ connections }) => connections);
  const created = own.filter(({ name }) => !kept.has(name));
  const replacesRouter = routerKept === undefined && observed.router !== null;

  return {
    removals: removed.map(({ name }) => ({ do: 'remove-container', container: name })),
    disconnections,
    mendings: mendAttachments(desired, [...kept.values()], disconnections),
    routerCreation: routerKept === undefined ? [createRouter(desired.router)] : [],
    routerConnections: connections.filter(byRouter),
    routerStart: routerKept?.running === true ? [] : [{ do: 'start-container', container: desired.router.name }],
    images: replacesRouter
      ? [...new Set(created.map(({ image }) => image))].map((image): Step => ({ do: 'provide-image', image }))
      : [],
    creations: created.map(createContainer),
    connections: connections.filter((step) => !byRouter(step)),
    starts: own
      .filter(({ name }) => kept.get(name)?.running !== true)
      .map(({ name }): Step => ({ do: 'start-container', container: name })),
  };
}

interface Place {
  readonly network: string;
  /** undefined: an address of Docker's choice. */
  readonly address?: string;
  readonly mac?: string;
}

/** Where a container belongs. */
interface Places {
  readonly places: readonly Place[];
  /** Other networks that are left to it. */
  readonly leaves: (network: string) => boolean;
}

/**
 * The router and the policy's containers belong to what the policy says, and to nothing else. Any other container stays on the segment that
 * it chose itself; but a container in a segment is in nothing else, or it would be a way round the router. Of several networks it
 * keeps the segment that it was started with, or, if that is none, loses the segments.
 */
function placesOf(desired: TruckNetwork, found: ObservedContainer, segments: ReadonlySet<string>): Places {
  const nothing = () => false;
  if (found.name === desired.router.name) return { places: desired.router.endpoints, leaves: nothing };
  const named = desired.containers.find(({ name }) => name === found.name);
  if (named?.kind === 'own') return { places: [{ ...named.endpoint, mac: named.mac }], leaves: nothing };
  if (named !== undefined) return { places: [named.endpoint], leaves: nothing };
  const chosen = found.endpoints.map(({ network }) => network);
  const [segment] = chosen.length === 1 ? chosen : chosen.filter((network) => network === found.mode);
  if (segment !== undefined && segments.has(segment)) return { places: [{ network: segment }], leaves: nothing };
  return { places: [], leaves: (network) => !segments.has(network) };
}

function attach(
  found: ObservedContainer,
  { places, leaves }: Places,
  stale: ReadonlySet<string>,
  isRouter: boolean,
): { readonly disconnections: readonly Step[]; readonly connections: readonly Step[] } {
  const isPlace = ({ network, address }: ObservedEndpoint) =>
    places.some((wanted) => wanted.network === network && (wanted.address ?? address) === address);
  // Docker alone can make an interface anew. Of the router's its own observation tells; a stranger's is his own affair.
  const isLost = ({ network, attachment }: ObservedEndpoint) =>
    attachment === null &&
    !isRouter &&
    places.some((wanted) => wanted.network === network && wanted.address !== undefined);
  const stays = (endpoint: ObservedEndpoint) =>
    !stale.has(endpoint.network) && !isLost(endpoint) && (isPlace(endpoint) || leaves(endpoint.network));
  return {
    disconnections: found.endpoints
      .filter((endpoint) => !stays(endpoint))
      .map(({ network }) => ({ do: 'disconnect', container: found.name, network })),
    connections: places
      .filter((wanted) => !found.endpoints.some((endpoint) => endpoint.network === wanted.network && stays(endpoint)))
      .map((place) => ({ do: 'connect', container: found.name, ...place })),
  };
}

function createContainer(container: OwnContainer): Step {
  return { do: 'create-container', container, specification: containerSpecification(container) };
}

function createRouter(router: Router): Step {
  return { do: 'create-router', router, specification: routerSpecification(router) };
}
