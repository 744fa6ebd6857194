import type { Policy } from '../policy/index.ts';

/** The network behind an uplink, as the internet's side has it. */
export interface UplinkNetwork {
  /** The interface, on either side of the cable. */
  readonly link: string;
  /** The next hop's address with its prefix length. */
  readonly gateway: string;
  /** Addresses to lease, where the router's is not static. */
  readonly pool?: { readonly from: string; readonly to: string; readonly netmask: string };
}

/** Where the policy leaves the uplink's network to DHCP, the lab takes one of 198.18.0.0/16 (RFC 2544), which no policy has. */
export function uplinkNetworks(policy: Policy): readonly UplinkNetwork[] {
  return policy.uplinks.map(({ interface: link, addressing }, index) => {
    if (addressing.kind === 'static') {
      return { link, gateway: `${addressing.gateway}/${addressing.subnet.split('/')[1]}` };
    }
    const network = `198.18.${index}`;
    return {
      link,
      gateway: `${network}.1/24`,
      pool: { from: `${network}.100`, to: `${network}.199`, netmask: '255.255.255.0' },
    };
  });
}
