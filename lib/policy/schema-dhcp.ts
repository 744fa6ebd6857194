import * as z from 'zod';
import { isLeaseTime, LEASE_TIME } from './lease-time.ts';
import { ipv4 } from './schema-ipv4.ts';

/** What a policy says of DHCP and DNS: the router's own server, in each segment and towards the world. */

const A_LEASE_TIME = 'a time such as 45m, 12h or 7d, between 2 minutes and 30 days';

export const DhcpEntry = z
  .strictObject({
    lease: z
      .string()
      .regex(LEASE_TIME, { error: A_LEASE_TIME, abort: true })
      .refine(isLeaseTime, { error: A_LEASE_TIME })
      .optional()
      .describe('How long a node keeps its address without asking again, such as 45m, 12h or 7d. Default: 12h.'),
    ntp: z
      .array(ipv4())
      .min(1)
      .max(4)
      .optional()
      .describe('Time servers that nodes are told of (NTP); that they can be reached is a matter of flows.'),
  })
  .meta({ title: 'DHCP', description: 'The DHCP and DNS server of the router in a segment.' });

/** Of a segment: true, false or in detail. */
export const SegmentDhcp = z
  .union([z.boolean(), DhcpEntry], { error: 'true, false or a map with lease and ntp' })
  .describe(
    "Does the router serve DHCP and DNS here? Default: where there is a pool. Say false where a vendor's own box does. Without a pool it serves only nodes that the policy names.",
  );

export const DnsEntry = z
  .strictObject({
    servers: z
      .array(ipv4())
      .min(1)
      .max(4)
      .describe(
        'DNS servers outside the truck that the router asks, for segments that may ask one themselves. Without them it knows the names of nodes only.',
      ),
  })
  .meta({ title: 'DNS', description: 'Whom the router asks for names that are no node’s.' });

export type SegmentDhcp = z.output<typeof SegmentDhcp>;
export type DnsEntry = z.output<typeof DnsEntry>;
