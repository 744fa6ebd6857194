import type { HostRoute } from '../../lib/truck/network.ts';
import { HOST_ROUTE_METRIC } from '../../lib/truck/network.ts';
import type { ObservedHostRoute } from '../../lib/truck/observed.ts';
import { ipBatch, listDefaultRoutes } from '../host/ip.ts';
import { goneIsFine } from './gone-is-fine.ts';
import { HOST_ROUTE_PROTOCOL } from './labels.ts';

/** The host's default route over the host link; `netns` is the path of the host's network namespace, if it isn't this process's own. */

/** Takes the place of one of the same metric. @throws CommandError also when its link is down or has no such address */
export async function addHostRoute(route: HostRoute, netns?: string): Promise<void> {
  await ipBatch([`route replace ${words(route)} src ${route.source}`], netns);
}

/** That it is gone already is no failure. */
export async function removeHostRoute(route: HostRoute, netns?: string): Promise<void> {
  await goneIsFine(ipBatch([`route delete ${words(route)}`], netns));
}

/** Own routes, and whatever has their metric. Routes of other metrics are the host's own business. */
export async function observeHostRoutes(netns?: string): Promise<readonly ObservedHostRoute[]> {
  const routes = await listDefaultRoutes(netns);
  return routes
    .map(({ dev: link = '', gateway = '', prefsrc: source = '', metric = 0, protocol }) => ({
      ...{ link, gateway, source, metric, owned: protocol === String(HOST_ROUTE_PROTOCOL) },
    }))
    .filter(({ owned, metric }) => owned || metric === HOST_ROUTE_METRIC);
}

function words({ link, gateway, metric }: HostRoute): string {
  return `default via ${gateway} dev ${link} metric ${metric} proto ${HOST_ROUTE_PROTOCOL}`;
}
