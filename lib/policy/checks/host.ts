import { HOST_LINK_BRIDGE } from '../host-link.ts';
import { overlap, toSubnet } from '../ipv4.ts';
import type { Policy } from '../policy.ts';
import { type Problem, subnets as say } from '../problems.ts';

/** An IPv4 network that a computer is in: the subnet of an address on one of its interfaces. */
export interface HostSubnet {
  readonly subnet: string;
  readonly interface: string;
}

/**
 * What only the truck's computer can tell: do the policy's subnets overlap networks that it is in already? Asked before a policy
 * is applied. An uplink's own network on the uplink's own interface is as it should be, and so is a segment's on its bridge. The host link
 * is ours, whatever its subnet was until now.
 */
export function checkAgainstHost(policy: Policy, hostSubnets: readonly HostSubnet[]): Problem[] {
  const own = [
    ...policy.segments.map(({ name, subnet, bridge }) => ({ path: `segments.${name}.subnet`, subnet, home: bridge })),
    ...policy.uplinks.flatMap(({ name, interface: home, addressing }) =>
      addressing.kind === 'static' ? [{ path: `uplinks.${name}.subnet`, subnet: addressing.subnet, home }] : [],
    ),
    ...(policy.hostLink === undefined
      ? []
      : [{ path: 'host.subnet', subnet: policy.hostLink.subnet, home: HOST_LINK_BRIDGE }]),
  ];
  const ipv4 = hostSubnets.filter(({ subnet }) => !subnet.includes(':'));
  return own.flatMap(({ path, subnet, home }) =>
    ipv4
      .filter(({ interface: link }) => link !== home && link !== HOST_LINK_BRIDGE)
      .filter((host) => overlap(toSubnet(host.subnet), toSubnet(subnet)))
      .map((host) => say.onHost(path, subnet, host.subnet, host.interface)),
  );
}
