import * as z from 'zod/mini';
import type { Policy } from '../policy/index.ts';
import { contains, toNumber, toSubnet } from '../policy/ipv4.ts';
import { INTERNET, ROUTER } from './network.ts';
import { NOT_INTERNET } from './ruleset/not-internet.ts';

/** What the kernel has counted of one pair (ruleset/drops.ts), in the last hour or since it began within that. */
export interface DropCount {
  /** IPv4 addresses, as in the packets. */
  readonly source: string;
  readonly destination: string;
  /** As nft calls it: `tcp`, `udp`, `icmp`, or a number. */
  readonly protocol: string;
  /** Destination port; TCP and UDP only. */
  readonly port?: number;
  readonly packets: number;
  readonly bytes: number;
}

/** The same with names. */
export interface Drop {
  /** A node's name, `router`, `internet (8.8.8.8)`, or an address that is nobody's. */
  readonly from: string;
  readonly to: string;
  /** `tcp/443`, `icmp`. */
  readonly probe: string;
  readonly packets: number;
  readonly bytes: number;
}

const Protocol = z.union([z.string(), z.number()]);
const Listing = z.object({
  nftables: z.array(
    z.looseObject({
      set: z.optional(
        z.looseObject({
          elem: z.optional(
            z.array(
              z.object({
                elem: z.looseObject({
                  val: z.object({
                    concat: z.union([
                      z.tuple([z.string(), z.string(), Protocol, z.number()]),
                      z.tuple([z.string(), z.string(), Protocol]),
                    ]),
                  }),
                  counter: z.object({ packets: z.number(), bytes: z.number() }),
                }),
              }),
            ),
          ),
        }),
      ),
    }),
  ),
});

/** What `nft -j list set` says of one of the two sets (libnftables-json(5)). @throws Error for what is no such listing */
export function parseDrops(listing: string): readonly DropCount[] {
  const { nftables } = Listing.parse(JSON.parse(listing));
  return nftables.flatMap(({ set }) =>
    (set?.elem ?? []).map(({ elem: { val, counter } }) => {
      const [source, destination, protocol, port] = val.concat;
      return { source, destination, protocol: String(protocol), ...(port !== undefined && { port }), ...counter };
    }),
  );
}

/** Who was kept from what, the most packets first. */
export function namedDrops(policy: Policy, counts: readonly DropCount[]): readonly Drop[] {
  const names = new Map([
    ...policy.nodes.map(({ address, name }) => [address, name] as const),
    ...policy.segments.flatMap(({ name, router, gateway }) =>
      [router, gateway].map((address) => [address, `${ROUTER}@${name}`] as const),
    ),
  ]);
  const nobodys = [...policy.segments.map(({ subnet }) => subnet), ...NOT_INTERNET].map(toSubnet);
  const nameOf = (address: string) =>
    names.get(address) ??
    (nobodys.some((subnet) => contains(subnet, toNumber(address))) ? address : `${INTERNET} (${address})`);
  return counts
    .map(({ source, destination, protocol, port, packets, bytes }) => ({
      ...{ from: nameOf(source), to: nameOf(destination), packets, bytes },
      probe: port === undefined ? protocol : `${protocol}/${port}`,
    }))
    .sort((a, b) => b.packets - a.packets || (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1));
}
