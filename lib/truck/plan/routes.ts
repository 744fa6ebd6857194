import type { HostLink, HostRoute } from '../network.ts';
import type { Observed } from '../observed.ts';
import type { Obstacle, Step } from '../steps.ts';

const same = (a: HostRoute, b: HostRoute): boolean =>
  a.link === b.link && a.gateway === b.gateway && a.source === b.source && a.metric === b.metric;

/** The kernel has one default route of each metric. */
export function routeObstacles(hostLink: HostLink | undefined, { hostRoutes }: Observed): readonly Obstacle[] {
  return hostRoutes
    .filter(({ owned, metric }) => !owned && metric === hostLink?.route.metric)
    .map(({ gateway, link, metric }) => ({
      what: `the host has a default route of metric ${metric} (via ${gateway} on ${link}) that was not made by Firebreak`,
      remedy: `give it another metric, or remove it: ip route delete default dev ${link} metric ${metric}`,
    }));
}

/** Own routes that are no longer wanted; before the address that they stand on goes, because the kernel would take them along. */
export function removeRoutes(hostLink: HostLink | undefined, { hostRoutes }: Observed): readonly Step[] {
  return hostRoutes
    .filter((route) => route.owned && !(hostLink !== undefined && same(hostLink.route, route)))
    .map(({ owned, ...route }) => ({ do: 'remove-route', route }));
}

/** As soon as the link is up: the images of new containers may have to come by it. */
export function addRoutes(hostLink: HostLink | undefined, observed: Observed): readonly Step[] {
  if (hostLink === undefined || standing(hostLink, observed)) return [];
  return [{ do: 'add-route', route: hostLink.route }];
}

/** Is the route there, and does nothing happen to the link that would take it away? */
function standing({ route }: HostLink, { hostRoutes, links }: Observed): boolean {
  const link = links.find(({ name }) => name === route.link);
  const holds = link?.owned === true && link.kind === 'bridge' && link.up;
  return holds && hostRoutes.some((found) => found.owned && same(found, route));
}
