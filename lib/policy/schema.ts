import { z } from 'zod';

/**
 * The policy document as an operator writes it: schema first, types derived.
 *
 * Everything that has a name is a map keyed by that name, not a list: device shadows and Greengrass configurations replace
 * arrays whole but merge maps key by key, so a truck's override can change one segment of the fleet's baseline.
 * Addresses are IPv4 in dotted notation, subnets in CIDR notation, VLAN IDs as in IEEE 802.1Q (1 to 4094).
 */

const ipv4 = () => z.ipv4({ error: 'must be an IPv4 address such as 10.0.1.3' });
const cidr = () => z.cidrv4({ error: 'must be an IPv4 subnet in CIDR notation such as 10.0.1.0/24' });
const mac = () => z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i, { error: 'must be a MAC address such as 02:00:00:00:01:05' });
/** Names of segments, nodes, uplinks and flows. They become Docker names, DNS labels and parts of MQTT topics. */
const name = () => z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, { error: 'must start with a lower-case letter and hold at most 31 lower-case letters, digits and hyphens' });
/** Linux: IFNAMSIZ is 16 with the final NUL; no slash, no white space. */
const interfaceName = () => z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}$/, { error: 'must be a Linux interface name of at most 15 characters' });
const port = () => z.number().int().min(1).max(65535);

export const Trunk = z.strictObject({
  interface: interfaceName().describe("The truck's interface to the managed switch; carries the segments as tagged VLANs (IEEE 802.1Q)."),
});

export const Uplink = z.strictObject({
  interface: interfaceName().describe("The truck's interface towards the internet; the router gets a sub-interface of it."),
  driver: z.enum(['ipvlan', 'macvlan']).default('ipvlan').describe('How the router shares the interface. Wi-Fi needs ipvlan: an access point accepts one MAC address per station.'),
  priority: z.number().int().min(1).max(1000).default(1).describe('The uplink with the lowest number is preferred.'),
  dhcp: z.boolean().default(false).describe('Take address and gateway by DHCP; then address, subnet and gateway stay away.'),
  subnet: cidr().optional().describe('Subnet of the uplink network (static).'),
  address: ipv4().optional().describe("The router's address in the uplink network (static)."),
  gateway: ipv4().optional().describe('Next hop towards the internet (static).'),
});

export const Segment = z.strictObject({
  vlan: z.number().int().min(1).max(4094).describe('VLAN ID on the trunk (IEEE 802.1Q).'),
  subnet: cidr().describe('The subnet of the segment.'),
  router: ipv4().describe("The router's address in the segment: what nodes ping and what DHCP gives them as gateway."),
  gateway: ipv4().optional().describe('A second address of the router that Docker hands to containers as their default gateway; Docker reserves it. Default: the highest free address outside the pool.'),
  pool: z.strictObject({ from: ipv4(), to: ipv4() }).optional().describe('Addresses for nodes that have no fixed one; both ends belong to it.'),
  internet: z.boolean().default(false).describe('May the nodes of this segment open conversations to the internet?'),
  bridge: interfaceName().optional().describe('Name of the bridge on the truck. Default: fb- and the name of the segment.'),
});

export const Container = z.strictObject({
  segment: name().describe('The segment that the container lives in.'),
  image: z.string().min(1).optional().describe('Image to run. Without it the container is a third party’s: it is adopted by its name, not made.'),
  command: z.array(z.string()).min(1).optional().describe('Command and arguments instead of those of the image.'),
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional().describe('Environment variables.'),
  address: ipv4().optional().describe('Fixed address; without it one of the pool, always the same for this name.'),
});

export const Device = z.strictObject({
  segment: name().describe('The segment whose VLAN the switch gives to the port of the device.'),
  mac: mac().describe('Its MAC address.'),
  address: ipv4().optional().describe('Fixed address; without it one of the pool, always the same for this name.'),
});

export const Flow = z.strictObject({
  from: z.string().describe('Who opens the conversation: a node, a segment, or internet.'),
  to: z.string().describe('Who is spoken to: a node, a segment, or internet.'),
  protocol: z.enum(['icmp', 'tcp', 'udp']),
  ports: z
    .array(z.union([port(), z.string().regex(/^\d{1,5}-\d{1,5}$/, { error: 'must be a port or a range such as 8000-8010' })]))
    .min(1)
    .optional()
    .describe('Destination ports and ranges (tcp and udp).'),
});

export const PolicyDocument = z.strictObject({
  $schema: z.string().optional().describe('For editors.'),
  version: z.literal(1).describe('Version of this format.'),
  sequence: z.number().int().min(0).default(0).describe('Counts the changes of this policy; part of its revision.'),
  trunk: Trunk,
  uplinks: z.record(name(), Uplink),
  segments: z.record(name(), Segment),
  containers: z.record(name(), Container).default({}),
  devices: z.record(name(), Device).default({}),
  flows: z.record(name(), Flow).default({}),
  internet: z
    .strictObject({ probe: ipv4().default('8.8.8.8').describe('An address in the internet that answers ping; stands for "the internet" in the matrix.') })
    .default({ probe: '8.8.8.8' }),
});

export type Trunk = z.output<typeof Trunk>;
export type Uplink = z.output<typeof Uplink>;
export type Segment = z.output<typeof Segment>;
export type Container = z.output<typeof Container>;
export type Device = z.output<typeof Device>;
export type Flow = z.output<typeof Flow>;
/** A policy document that has the right shape and its defaults; whether it makes sense is decided by `checkPolicy`. */
export type PolicyDocument = z.output<typeof PolicyDocument>;
