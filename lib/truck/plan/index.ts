import type { Ruleset, TruckNetwork } from '../network.ts';
import type { Observed } from '../observed.ts';
import { hostRuleset } from '../ruleset/host.ts';
import type { Plan, Step } from '../steps.ts';
import { absentContainers, containerObstacles, planContainers } from './containers.ts';
import { addLinks, linkObstacles, linksToAdd, removeLinks } from './links.ts';
import { createNetworks, networkObstacles, staleNetworks } from './networks.ts';
import { configureRouter, tightenRouter, writeConfiguration } from './router.ts';
import { addRoutes, removeRoutes, routeObstacles } from './routes.ts';

/**
 * The steps from what is observed to what is desired; none when they are the same. The order is the point:
 *
 * 1. deny: the host's ruleset over old and new links, the edge's and the router's new rulesets; where the router is to be made anew, fetch
 *    images while the old one still leads to the internet;
 * 2. away with what is no longer wanted. Between networks this comes before the new, because VLAN IDs, subnets and names are
 *    unique on a truck and may be handed from an old segment to a new one; what stays is not touched;
 * 3. links, networks, the router (its configuration is written before it starts) and containers;
 * 4. the host's ruleset for exactly the links that are.
 */
export function plan(desired: TruckNetwork, observed: Observed): Plan {
  const obstacles = [
    ...linkObstacles(desired.links, observed),
    ...routeObstacles(desired.hostLink, observed),
    ...networkObstacles(desired.networks, observed),
    ...containerObstacles(desired, observed),
  ];
  const absent = absentContainers(desired, observed);
  if (obstacles.length > 0) return { steps: [], obstacles, absent };

  const stale = staleNetworks(desired.networks, observed, linksToAdd(desired.links, observed));
  const segments = new Set(desired.networks.filter(({ role }) => role === 'segment').map(({ name }) => name));
  const containers = planContainers(desired, observed, stale, segments);
  const linkRemovals = removeLinks(desired.links, observed);
  const router = containers.routerCreation.length > 0 ? null : observed.router;
  const routerTouched =
    [containers.routerCreation, containers.routerConnections, containers.routerStart].some(
      ({ length }) => length > 0,
    ) || containers.disconnections.some((step) => step.do === 'disconnect' && step.container === desired.router.name);

  return {
    obstacles,
    absent,
    steps: [
      ...denyOnHost(desired, observed, linkRemovals),
      ...tightenEdge(desired, observed),
      ...tightenRouter(desired.router, router),
      ...containers.images,
      ...removeRoutes(desired.hostLink, observed),
      ...containers.removals,
      ...containers.disconnections,
      ...[...stale].map((network): Step => ({ do: 'remove-network', network })),
      ...linkRemovals,
      ...addLinks(desired.links, desired.sysctls, observed),
      ...addRoutes(desired.hostLink, observed),
      ...containers.mendings,
      ...createNetworks(desired.networks, observed, stale),
      ...writeConfiguration(desired.router, router),
      ...containers.routerCreation,
      ...containers.routerConnections,
      ...containers.creations,
      ...containers.connections,
      // All together: as after a restart of Docker, containers may be there a moment before the router opens itself.
      ...containers.routerStart,
      ...containers.starts,
      ...configureRouter(desired.router, router, routerTouched),
      ...settleHost(desired, observed, linkRemovals),
    ],
  };
}

/** While old links still exist, the host's ruleset covers them as well as the new ones. */
function denyOnHost(desired: TruckNetwork, observed: Observed, removals: readonly Step[]): readonly Step[] {
  if (observed.hostRuleset === desired.hostRuleset.fingerprint) return [];
  const links = [...new Set([...desired.closedLinks, ...removedLinks(removals)])];
  return [loadHostRuleset(desired, hostRuleset(links, desired.hostLink), links)];
}

/** An old segment that goes has no rules any more on its bridge: the router's new ruleset denies it already. */
function tightenEdge({ edgeRuleset }: TruckNetwork, observed: Observed): readonly Step[] {
  return observed.edgeRuleset === edgeRuleset.fingerprint ? [] : [{ do: 'load-edge-ruleset', ruleset: edgeRuleset }];
}

function settleHost(desired: TruckNetwork, observed: Observed, removals: readonly Step[]): readonly Step[] {
  if (observed.hostRuleset === desired.hostRuleset.fingerprint || removals.length === 0) return [];
  return [loadHostRuleset(desired, desired.hostRuleset, desired.closedLinks)];
}

function loadHostRuleset({ hostLink }: TruckNetwork, ruleset: Ruleset, links: readonly string[]): Step {
  return { do: 'load-host-ruleset', ruleset, links, ...(hostLink === undefined ? {} : { hostLink: hostLink.bridge }) };
}

function removedLinks(removals: readonly Step[]): readonly string[] {
  return removals.flatMap((step) => (step.do === 'delete-link' ? [step.link] : []));
}

/** Away with all that is owned, and with nothing else: the host's route, containers, networks, links, and last the denial. */
export function planRemoval(observed: Observed): readonly Step[] {
  const networks = observed.networks.filter(({ owned }) => owned).map(({ name }) => name);
  const gone = observed.containers.filter(({ owned }) => owned);
  const strangers = observed.containers.filter(({ owned }) => !owned);
  return [
    ...removeRoutes(undefined, observed),
    ...gone.map(({ name }): Step => ({ do: 'remove-container', container: name })),
    ...strangers.flatMap(({ name, endpoints }) =>
      endpoints
        .filter(({ network }) => networks.includes(network))
        .map(({ network }): Step => ({ do: 'disconnect', container: name, network })),
    ),
    ...networks.map((network): Step => ({ do: 'remove-network', network })),
    ...removeLinks([], observed),
    ...(observed.hostRuleset === null ? [] : [{ do: 'remove-host-ruleset' } as const]),
    ...(observed.edgeRuleset === null ? [] : [{ do: 'remove-edge-ruleset' } as const]),
  ];
}
