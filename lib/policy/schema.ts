import * as z from 'zod';
import { DnsEntry, SegmentDhcp } from './schema-dhcp.ts';
import { ipv4 } from './schema-ipv4.ts';

/**
 * The policy document as an operator writes it: schema first, types derived.
 *
 * Everything that has a name is a map keyed by that name, not a list: device shadows and Greengrass configurations replace
 * arrays whole but merge maps key by key, so a truck's override can change one segment of the fleet's baseline.
 * Addresses are IPv4 in dotted notation, subnets in CIDR notation, VLAN IDs as in IEEE 802.1Q (1 to 4094).
 *
 * This is about shape only. What the shape cannot say (two segments with one VLAN ID, a router outside its subnet) is said by
 * the checks in `checks/`. An `error` text here completes the sentence "Expected …".
 */

const cidr = () => z.cidrv4({ error: 'an IPv4 subnet in CIDR notation such as 10.0.1.0/24' });
const mac = () =>
  z
    .string()
    .regex(/^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$/, { error: 'a MAC address such as 02:00:00:00:01:05' })
    .toLowerCase();
/** Names of segments, nodes, uplinks, flows and broadcasts. They become Docker names, DNS labels and parts of MQTT topics. */
export const Name = z.string().regex(/^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$/, {
  error:
    'a name of at most 31 lower-case letters, digits and hyphens that starts with a letter and does not end with a hyphen',
});
/** Linux: IFNAMSIZ is 16 with the final NUL; no slash, no white space. */
const interfaceName = () =>
  z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/, {
    error: 'a Linux interface name of at most 15 letters, digits, dots, hyphens and underscores',
  });
/** It ends up on command lines: no white space, and no leading hyphen that could be taken for an option. */
const image = () =>
  z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._:/@-]{0,254}$/, { error: 'an image reference such as alpine:3' });
/** Arguments and environment variables end at the first NUL. */
const argument = () => z.string().refine((text) => !text.includes('\0'), { error: 'text without NUL characters' });
const port = () =>
  z.union(
    [
      z.int().min(1).max(65535),
      z.string().regex(/^\d{1,5}-\d{1,5}$/, { error: 'a port such as 443 (a number) or a range such as "8000-8010"' }),
    ],
    { error: 'a port such as 443 (a number) or a range such as "8000-8010"' },
  );

/** nftables compares whole seconds, and can't say what is later than 2554. */
const instant = () => {
  const error = 'a moment with time zone and whole seconds, before the year 2500, such as 2026-11-25T23:00:00Z';
  return z.iso.datetime({ offset: true, precision: 0, error }).refine((text) => text < '2500', { error });
};
/** For people, in reports: one line. */
const remark = () => z.string().regex(/^[ -~\u00a0-\uffff]{1,200}$/, { error: 'one line of at most 200 characters' });

export const TrunkEntry = z
  .strictObject({
    interface: interfaceName().describe(
      "The truck's interface to the managed switch; it carries the segments as tagged VLANs (IEEE 802.1Q).",
    ),
  })
  .meta({ title: 'Trunk', description: 'The cable between the truck and its managed switch.' });

export const UplinkEntry = z
  .strictObject({
    interface: interfaceName().describe(
      "The truck's interface towards the internet; the router gets a sub-interface of it.",
    ),
    driver: z
      .enum(['ipvlan', 'macvlan'])
      .default('ipvlan')
      .describe(
        'How the router shares the interface. Wi-Fi needs ipvlan: an access point accepts one MAC address per station.',
      ),
    priority: z.int().min(1).max(1000).default(1).describe('The uplink with the lowest number is preferred.'),
    dhcp: z
      .boolean()
      .default(false)
      .describe('Take address and gateway by DHCP; then subnet, address and gateway stay away.'),
    subnet: cidr().optional().describe('Subnet of the uplink network (static).'),
    address: ipv4().optional().describe("The router's address in the uplink network (static)."),
    gateway: ipv4().optional().describe('Next hop towards the internet (static).'),
  })
  .meta({ title: 'Uplink', description: 'One way for the router to reach the internet.' });

export const SegmentEntry = z
  .strictObject({
    vlan: z.int().min(1).max(4094).describe('VLAN ID on the trunk (IEEE 802.1Q), 1 to 4094.'),
    subnet: cidr().describe('The subnet of the segment, such as 10.0.1.0/24.'),
    router: ipv4().describe(
      "The router's address in the segment: what nodes ping and what DHCP gives them as gateway.",
    ),
    gateway: ipv4()
      .optional()
      .describe(
        'A second address of the router that Docker hands to containers as their default gateway; Docker reserves it. Default: the highest free address outside the pool.',
      ),
    pool: z
      .strictObject({
        from: ipv4().describe('First address of the pool.'),
        to: ipv4().describe('Last address of the pool.'),
      })
      .optional()
      .describe('Addresses for nodes that have no fixed one; both ends belong to it.'),
    dhcp: SegmentDhcp.optional(),
    internet: z.boolean().default(false).describe('May the nodes of this segment open conversations to the internet?'),
    bridge: interfaceName()
      .optional()
      .describe('Name of the bridge on the truck. Default: fb- and the name of the segment.'),
  })
  .meta({
    title: 'Segment',
    description: 'One isolated network. Its nodes talk to each other; whatever else they may do is declared.',
  });

export const ContainerEntry = z
  .strictObject({
    segment: Name.describe('The segment that the container lives in.'),
    image: image()
      .optional()
      .describe("Image to run. Without it the container is a third party's: it is adopted by its name, not made."),
    command: z.array(argument()).min(1).optional().describe('Command and arguments instead of those of the image.'),
    environment: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'a name of letters, digits and underscores' }),
        argument(),
      )
      .optional()
      .describe('Environment variables; their values are text.'),
    address: ipv4().optional().describe('Fixed address; without it one of the pool, always the same for this name.'),
  })
  .meta({ title: 'Container', description: 'A virtual node: a container on the truck.' });

export const DeviceEntry = z
  .strictObject({
    segment: Name.describe('The segment whose VLAN the switch gives to the port of the device.'),
    mac: mac().describe('Its MAC address.'),
    address: ipv4().optional().describe('Fixed address; without it one of the pool, always the same for this name.'),
  })
  .meta({ title: 'Device', description: 'A physical node: a device behind the managed switch.' });

export const FlowEntry = z
  .strictObject({
    from: z.string().describe('Who opens the conversation: the name of a node or of a segment.'),
    to: z.string().describe('Who is spoken to: the name of a node or of a segment, or internet.'),
    protocol: z.enum(['icmp', 'tcp', 'udp']).describe('icmp means the echo request, ping.'),
    ports: z
      .array(port())
      .min(1)
      .optional()
      .describe('Destination ports and ranges, such as [443, "8000-8010"]. tcp and udp only; without it all ports.'),
    starts: instant()
      .optional()
      .describe(
        'When the flow begins to be in force. Before that, and while the clock of the truck is wrong by years, it is closed.',
      ),
    expires: instant()
      .optional()
      .describe(
        'When the flow ends by itself, with its conversations; nobody has to be there. Needs owner and reason.',
      ),
    owner: remark().optional().describe('Who answers for this flow.'),
    reason: remark().optional().describe('What this flow is for.'),
  })
  .meta({ title: 'Flow', description: 'One declared conversation between segments. Answers to it are allowed.' });

export const BroadcastEntry = z
  .strictObject({
    from: z
      .string()
      .describe('Who sends it: the name of a device, or of a container that has an image. Nobody else’s is relayed.'),
    to: z
      .array(z.string())
      .min(1)
      .describe('The segments that get it, such as [cab, pump]. That of the sender has it anyway.'),
    port: z.int().min(1).max(65535).describe('UDP destination port.'),
    group: ipv4()
      .optional()
      .describe(
        'The multicast group that it is sent to. Without it: to everybody, 255.255.255.255 or the broadcast address of the subnet.',
      ),
    rate: z.int().min(1).max(1000).default(20).describe('Messages a second at most, and at once; more are dropped.'),
    size: z
      .int()
      .min(1)
      .max(1472)
      .default(512)
      .describe('Bytes of a message (UDP payload) at most; a larger one is dropped.'),
  })
  .meta({
    title: 'Broadcast',
    description:
      'A common message, such as a position: what one node says to everybody in its segment the router says again in others, as itself.',
  });

export const HostEntry = z
  .strictObject({
    internet: z
      .boolean()
      .default(false)
      .describe('May the host open conversations to the internet, through the router? Then it gets the host link.'),
    subnet: cidr()
      .default('198.19.0.0/30')
      .describe('Subnet of the host link, a /30: its first address is the router’s, its second the host’s.'),
  })
  .meta({ title: 'Host', description: "The truck's computer itself. It takes part in no segment." });

const named = <Entry extends z.ZodType>(entry: Entry, description: string) =>
  z.record(Name, entry).default({}).describe(description);

export const PolicyDocument = z
  .strictObject({
    $schema: z.string().optional().describe('Where editors find the JSON schema; it means nothing to the truck.'),
    version: z.literal(1).describe('Version of this format: 1.'),
    sequence: z.int().min(0).default(0).describe('Counts the changes of this policy; part of its revision.'),
    trunk: TrunkEntry,
    host: HostEntry.optional(),
    uplinks: named(UplinkEntry, 'How the router reaches the internet, by name.'),
    segments: z.record(Name, SegmentEntry).describe('The isolated networks, by name.'),
    containers: named(ContainerEntry, 'The virtual nodes, by name.'),
    devices: named(DeviceEntry, 'The physical nodes, by name.'),
    flows: named(FlowEntry, 'The conversations between segments that are allowed, by name. All others are dropped.'),
    broadcasts: named(BroadcastEntry, 'The common messages that are relayed to other segments, by name.'),
    internet: z
      .strictObject({
        probe: ipv4()
          .default('8.8.8.8')
          .describe('An address in the internet that answers ping; it stands for "the internet" in measurements.'),
      })
      .default({ probe: '8.8.8.8' })
      .describe('How the truck finds out whether the internet is reachable.'),
    dns: DnsEntry.optional(),
  })
  .meta({ title: 'Firebreak policy', description: 'The isolated networks of a truck and what may pass between them.' });

export type TrunkEntry = z.output<typeof TrunkEntry>;
export type HostEntry = z.output<typeof HostEntry>;
export type UplinkEntry = z.output<typeof UplinkEntry>;
export type SegmentEntry = z.output<typeof SegmentEntry>;
export type ContainerEntry = z.output<typeof ContainerEntry>;
export type DeviceEntry = z.output<typeof DeviceEntry>;
export type FlowEntry = z.output<typeof FlowEntry>;
export type BroadcastEntry = z.output<typeof BroadcastEntry>;
/** A policy document that has the right shape and its defaults; whether it makes sense is decided by `checkDocument`. */
export type PolicyDocument = z.output<typeof PolicyDocument>;
/** A policy document as it is written, with its defaults left out. */
export type PolicyDocumentInput = z.input<typeof PolicyDocument>;
