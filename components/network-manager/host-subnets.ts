import type { HostSubnet } from '../../lib/policy/index.ts';
import { listLinks } from '../host/ip.ts';

/** The host's own networks: what a policy's subnets must not collide with (moby/moby#37823). */
export async function hostSubnets(): Promise<readonly HostSubnet[]> {
  const links = await listLinks();
  return links.flatMap(({ ifname, addr_info = [] }) =>
    addr_info
      .filter(({ family }) => family === 'inet')
      .map(({ local, prefixlen }) => ({ interface: ifname, subnet: `${local}/${prefixlen}` })),
  );
}
