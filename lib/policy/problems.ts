/**
 * What can be wrong with a policy, and how that is said: every message of this room, grouped by the part it is about.
 * A message says what is wrong and what to do; the path says where.
 */
export interface Problem {
  /** An error keeps the policy from being used; a warning is about something that works, but probably not as meant. */
  readonly severity: 'error' | 'warning';
  /** Dotted path of the field: `segments.br0net.vlan`, `flows.web.ports[1]`; `policy` is the document as a whole. */
  readonly path: string;
  readonly message: string;
}

/** The path of the document as a whole. */
export const WHOLE = 'policy';

const error = (path: string, message: string): Problem => ({ severity: 'error', path, message });
const warning = (path: string, message: string): Problem => ({ severity: 'warning', path, message });
const didYouMean = (suggestion: string | undefined): string =>
  suggestion === undefined ? '' : ` Did you mean ${suggestion}?`;

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}

/** A path of keys and indices as text. A key that would make it ambiguous is quoted; an endless one is cut. */
export function pathText(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>((before, key) => {
    if (typeof key === 'number') return `${before}[${key}]`;
    const word = String(key);
    if (!/^[A-Za-z_$][\w$-]{0,62}$/.test(word)) return `${before}[${quote(word)}]`;
    return before === '' ? word : `${before}.${word}`;
  }, '');
  return text === '' ? WHOLE : text;
}

/** A piece of somebody's document inside a message: quoted, and cut when it is long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** The text, before anybody knows what it means. */
export const text = {
  tooLarge: (length: number, limit: number) =>
    error(WHOLE, `The text has ${length} characters, but at most ${limit} are read. Split the policy or shorten it.`),
  tooDeep: (place: string) => error(WHOLE, `${place}: nested too deeply. A policy has 5 levels: write it flatter.`),
  tooManyWords: (limit: number) =>
    error(WHOLE, `The text has more than ${limit} words and signs. Split the policy or shorten it.`),
  empty: () =>
    error(WHOLE, 'The text holds no policy. Start with "version: 1"; examples/article.yaml is a complete one.'),
  syntax: (place: string, why: string) => error(WHOLE, `${place}: this is not valid YAML. ${why}. Correct it there.`),
  moreSyntax: (count: number) =>
    error(WHOLE, `There are ${count} more errors of syntax. Correct the first ones first.`),
  notJson: (why: string) => error(WHOLE, `The text is not valid JSON: ${why}. Correct it, or call it YAML.`),
  several: () =>
    error(WHOLE, 'The text holds more than one YAML document. Keep one, and remove the "---" between them.'),
  alias: (place: string, name: string) =>
    error(WHOLE, `${place}: YAML aliases such as ${quote(`*${name}`)} are not read. Write the value out.`),
  tag: (place: string, tag: string) =>
    error(WHOLE, `${place}: YAML tags such as ${quote(tag)} are not read. Remove it, and quote what is text.`),
  complexKey: (place: string) => error(WHOLE, `${place}: a key that is not plain text. Use a name as key.`),
  duplicateKey: (path: string, place: string) =>
    error(path, `${place}: this key is there twice, and one would silently win. Remove one, or give it another name.`),
};

/** The value, before its shape is checked: it must be what JSON can say. */
export const value = {
  notAMap: (got: string) =>
    error(WHOLE, `A policy is a map of keys and values, but this is ${got}. Start with "version: 1".`),
  tooDeep: (path: string, limit: number) =>
    error(path, `Nested more than ${limit} levels deep. A policy never needs that: remove it.`),
  tooMuch: (limit: number) => error(WHOLE, `The document holds more than ${limit} values. Split the policy.`),
  forbiddenKey: (path: string) =>
    error(path, 'This key means something to JavaScript itself and is not accepted. Use another name.'),
  notPlain: (path: string, got: string) =>
    error(path, `Expected text, a number, true or false, a list or a map, but got ${got}. Write it in one of these.`),
};

/** The shape: what the schema says. */
export const shape = {
  expected: (path: string, expected: string, got: string) =>
    error(path, `Expected ${expected}, but got ${got}. Correct the value.`),
  missing: (path: string, expected: string, description: string) =>
    error(path, `It is missing. Add it: ${description === '' ? `${expected}.` : description}`),
  unknownKey: (path: string, key: string, known: readonly string[], suggestion: string | undefined) =>
    error(path, `The key ${quote(key)} is unknown here.${didYouMean(suggestion)} Known: ${known.join(', ')}.`),
  badName: (path: string, name: string, expected: string) =>
    error(path, `The name ${quote(name)} cannot be used. Choose ${expected}.`),
};

/** A fleet's baseline and a truck's patch. */
export const merge = {
  baselineIsNoMap: (got: string) =>
    error(WHOLE, `A baseline is a map of keys and values, but this is ${got}. Start with "version: 1".`),
  patchIsNoMap: (got: string) =>
    error(WHOLE, `A patch is a map of what differs from the baseline, but this is ${got}. Write only what differs.`),
};

/** How much there is. */
export const limits = {
  tooMany: (section: string, count: number, limit: number) =>
    error(section, `There are ${count} ${section}, but a truck has at most ${limit}. Remove some or merge them.`),
  tooManyTerms: (count: number, limit: number) =>
    error(
      'flows',
      `They start and expire at ${count} different times, but at most ${limit} are told apart. Let some start or end together.`,
    ),
  tooManyNodes: (count: number, limit: number) =>
    error('containers', `There are ${count} containers and devices, but a truck has at most ${limit}. Remove some.`),
  noSegments: () =>
    warning('segments', 'There is no segment, so the truck has no networks at all. Add one, if that is not meant.'),
};

/** What things are called. */
export const names = {
  taken: (path: string, name: string, other: string) =>
    error(
      path,
      `The name ${name} is taken by ${other} already. Rename one of them: messages and flows use the bare name.`,
    ),
  reserved: (path: string, name: string) =>
    error(
      path,
      `The name ${name} is reserved: measurements and flows use it for part of the truck itself. Choose another.`,
    ),
  reservedByDocker: (path: string, name: string) =>
    error(path, `Docker keeps the network name ${name} for itself. Choose another.`),
  networkTaken: (path: string, name: string, other: string) =>
    error(path, `${other} has the name ${name} too, and both become Docker networks. Rename one of them.`),
  unknownSegment: (path: string, name: string, suggestion: string | undefined) =>
    error(
      path,
      `There is no segment ${quote(name)}.${didYouMean(suggestion)} Use the name of a segment of this policy.`,
    ),
};

/** The trunk, the bridges and the VLANs on the truck. */
export const interfaces = {
  vlanTaken: (path: string, vlan: number, other: string) =>
    error(path, `VLAN ${vlan} belongs to segment ${other} already. Give every segment its own VLAN ID.`),
  vlanOne: (path: string) =>
    warning(
      path,
      'VLAN 1 is the default native VLAN of most switches, so its frames may arrive untagged, and those are dropped. Use another VLAN ID, or make the switch tag it on the trunk.',
    ),
  vlanInterfaceTooLong: (path: string, name: string) =>
    error(
      path,
      `The interface ${name} has more than 15 characters, the limit of Linux. Rename the trunk interface to a shorter one.`,
    ),
  bridgeTooLong: (path: string, name: string) =>
    error(
      path,
      `The bridge would be called ${name}, but Linux allows at most 15 characters. Shorten the segment's name, or add a bridge name.`,
    ),
  bridgeTaken: (path: string, bridge: string, other: string) =>
    error(path, `The bridge ${bridge} belongs to segment ${other} already. Give every segment its own bridge.`),
  nameInUse: (path: string, name: string, owner: string) =>
    error(path, `The interface name ${name} is taken by ${owner}. Choose another.`),
  sameInterface: (path: string, name: string, other: string) =>
    error(
      path,
      `The interface ${name} serves uplink ${other} already. An interface carries one uplink: use another or remove one.`,
    ),
};

/** Where the internet comes from. */
export const uplinks = {
  staticField: (path: string) =>
    error(path, 'It is missing. A static uplink needs subnet, address and gateway: add it, or set dhcp to true.'),
  dhcpField: (path: string) =>
    error(path, 'With dhcp set to true, the address comes from the network. Remove this field, or set dhcp to false.'),
  ipvlanWithDhcp: (path: string) =>
    warning(
      path,
      "An ipvlan interface has the MAC address of its parent, so a DHCP server that tells clients apart by MAC gives the router the truck's own address. Use macvlan on a wired interface, or a DHCP server that respects client identifiers.",
    ),
  nobody: (path: string) =>
    error(
      path,
      'This needs the internet, but the policy has no uplink. Add one under uplinks, or do without the internet.',
    ),
};

/** Subnets: which address ranges are used for what. */
export const subnets = {
  hostBits: (path: string, got: string, network: string) =>
    error(path, `${got} is an address within a subnet, not a subnet. Write ${network}.`),
  tooSmall: (path: string, prefixLength: number) =>
    error(
      path,
      `A /${prefixLength} has no room for a router and nodes. Use a larger subnet, /29 or larger for a segment.`,
    ),
  twoEnds: (path: string, prefixLength: number) =>
    error(
      path,
      `It is a /${prefixLength}, but the host link has two ends, the router and the host, and room for nobody else. Write a /30.`,
    ),
  tooLarge: (path: string, prefixLength: number) =>
    error(path, `A /${prefixLength} takes too much of all IPv4 addresses. Use /8 or smaller, better a /24.`),
  special: (path: string, reserved: string, meaning: string) =>
    error(path, `It overlaps ${reserved}, which is kept for ${meaning}. Use a private range such as 10.20.0.0/24.`),
  overlap: (path: string, own: string, other: string, otherSubnet: string) =>
    error(
      path,
      `${own} overlaps ${otherSubnet} of ${other}: a packet could belong to either. Use subnets that do not overlap.`,
    ),
  dockerBridge: (path: string, own: string) =>
    error(path, `${own} overlaps 172.17.0.0/16, the network of Docker's own bridge docker0. Use another range.`),
  dockerPool: (path: string, own: string, pool: string) =>
    warning(
      path,
      `${own} overlaps ${pool}, from which Docker takes subnets for networks that somebody else makes. Use another range, or make sure that there are none.`,
    ),
  notPrivate: (path: string, own: string) =>
    warning(
      path,
      `${own} is not a private range, so hosts in the internet with these addresses are out of reach. Use 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.`,
    ),
  onHost: (path: string, own: string, hostSubnet: string, hostInterface: string) =>
    error(
      path,
      `${own} overlaps ${hostSubnet}, which this computer has on ${hostInterface}. Use another subnet, or take that address off the interface.`,
    ),
};

/** Addresses: who has which. */
export const addresses = {
  outside: (path: string, address: string, subnet: string) =>
    error(path, `${address} is not in ${subnet}. Use an address of that subnet.`),
  notAHost: (path: string, address: string, kind: 'network' | 'broadcast', subnet: string) =>
    error(path, `${address} is the ${kind} address of ${subnet}, which nobody can have. Use one between.`),
  taken: (path: string, address: string, other: string) =>
    error(path, `${address} belongs to ${other} already. Use another address.`),
  poolReversed: (path: string) => error(path, 'The pool ends before it begins. Exchange from and to.'),
  routerInPool: (path: string, address: string) =>
    error(
      path,
      `${address} is inside the pool, so a node could be given the address of the router. Move it out, or shorten the pool.`,
    ),
  noPool: (path: string, segment: string) =>
    error(
      path,
      `It has no address, and segment ${segment} has no pool to take one from. Add an address here or a pool there.`,
    ),
  poolExhausted: (path: string, unplaced: readonly string[]) =>
    error(
      path,
      `The pool has no address left for ${shortList(unplaced)}. Enlarge it, or give nodes fixed addresses outside it.`,
    ),
  noGateway: (path: string) =>
    error(
      path,
      "No address is left outside the pool for the router's second address, the gateway. Shorten the pool or use a larger subnet.",
    ),
  noCanary: (path: string) =>
    error(path, 'No address is left to measure from: one must belong to nobody. Use a larger subnet.'),
};

/** Containers and devices. */
export const nodes = {
  adopted: (path: string) =>
    error(
      path,
      'Without an image the container is made by somebody else, who decides this. Add an image or remove this field.',
    ),
  macTaken: (path: string, mac: string, other: string) =>
    error(path, `The MAC address ${mac} belongs to device ${other} already. Look at the label of the device.`),
  macMulticast: (path: string, mac: string) =>
    error(path, `${mac} is a multicast address: no device has it as its own. Look at the label of the device.`),
  macZero: (path: string) => error(path, 'An address of zeros is a placeholder. Look at the label of the device.'),
};

/** Flows: what may pass between segments. */
export const flows = {
  unknownEndpoint: (path: string, name: string, suggestion: string | undefined) =>
    error(
      path,
      `There is no node or segment ${quote(name)}.${didYouMean(suggestion)} Use the name of one, or internet as a target.`,
    ),
  fromInternet: (path: string) =>
    error(
      path,
      'Flows that come in from the internet are not supported yet. Let the node open the conversation, or remove the flow.',
    ),
  toItself: (path: string, name: string) =>
    error(path, `The flow leads from ${name} to itself, which needs no permission. Remove it, or correct one end.`),
  sameSegment: (path: string, segment: string) =>
    error(
      path,
      `Both ends are in segment ${segment}, whose bridge carries their traffic unfiltered. Remove the flow, or put them in different segments.`,
    ),
  icmpPorts: (path: string) => error(path, 'icmp has no ports. Remove them, or choose tcp or udp.'),
  badRange: (path: string, range: string) =>
    error(path, `${range} is not a range of ports: it must go upwards and stay between 1 and 65535. Correct it.`),
  overlappingPorts: (path: string, range: string, other: string) =>
    warning(path, `${range} overlaps ${other} in the same list. Remove what is said twice.`),
  endsBeforeItStarts: (path: string, starts: string) =>
    error(path, `It ends before it starts (${starts}), so it would never be in force. Correct one of both.`),
  unexplained: (path: string, field: string) =>
    error(
      path,
      `A flow that expires needs ${field === 'owner' ? 'an owner, who answers for it' : 'a reason'}. Add ${field}.`,
    ),
  duplicate: (path: string, other: string) => warning(path, `It allows the same as flow ${other}. Remove one of them.`),
  redundantInternet: (path: string, segment: string) =>
    warning(
      path,
      `Segment ${segment} may speak to the internet anyway. Remove the flow, or set internet of the segment to false.`,
    ),
};

/** Broadcasts: what is relayed from one segment to everybody in others. */
export const broadcasts = {
  unknownSource: (path: string, name: string, suggestion: string | undefined) =>
    error(
      path,
      `There is no container or device ${quote(name)}.${didYouMean(suggestion)} Use the name of the node that sends it.`,
    ),
  segmentAsSource: (path: string, name: string) =>
    error(path, `${name} is a segment, but a broadcast has one source. Use the name of the node that sends it.`),
  adoptedSource: (path: string, name: string) =>
    error(
      path,
      `Container ${name} has no image, so somebody else makes it and its MAC address is not known: anybody in its segment could speak as it. Give it an image, or let a device send this.`,
    ),
  unknownTarget: (path: string, name: string, suggestion: string | undefined) =>
    error(path, `There is no segment ${quote(name)}.${didYouMean(suggestion)} A broadcast reaches whole segments.`),
  ownSegment: (path: string, segment: string) =>
    error(path, `${segment} is the segment of the source, which hears it anyway. Remove it from the list.`),
  targetTwice: (path: string, segment: string) =>
    warning(path, `${segment} is in the list already. Remove what is said twice.`),
  noGroup: (path: string, address: string) =>
    error(
      path,
      `${address} is no multicast group. Use one of 224.0.1.0 to 239.255.255.255, better of 239.192.0.0/14, or do without for a broadcast.`,
    ),
  localGroup: (path: string, address: string) =>
    error(
      path,
      `${address} is in 224.0.0.0/24, which never leaves its network (RFC 5771). Use a group such as 239.192.0.1.`,
    ),
  reservedPort: (path: string, port: number, meaning: string) =>
    error(path, `Port ${port} is kept for ${meaning}, which stays in its segment. Use another port.`),
  rival: (path: string, other: string) =>
    error(
      path,
      `It is the same message as broadcast ${other}: same source, port and group. Write one, with the segments of both.`,
    ),
};

/** What the router's DHCP and DNS server is told. */
export const dhcp = {
  serverInSegment: (path: string, address: string, segment: string) =>
    error(
      path,
      `${address} is inside segment ${segment}: the router would ask it for others, whom no flow leads there. Use a server outside the truck.`,
    ),
  serverOnHostLink: (path: string, address: string) =>
    error(path, `${address} is on the host link, where nobody answers. Use a server outside the truck.`),
  special: (path: string, address: string, meaning: string) =>
    error(path, `${address} is kept for ${meaning}, so no server has it. Use the server's own address.`),
};

/** How the internet is measured. */
export const internet = {
  probeInSegment: (path: string, address: string, segment: string) =>
    error(
      path,
      `${address} is inside segment ${segment}, so it says nothing about the internet. Use a public address.`,
    ),
  probeSpecial: (path: string, address: string, meaning: string) =>
    error(
      path,
      `${address} is kept for ${meaning}, so it is not in the internet. Use a public address such as 8.8.8.8.`,
    ),
  probePrivate: (path: string, address: string) =>
    warning(
      path,
      `${address} is a private address, so it says nothing about the internet. Use a public one such as 8.8.8.8.`,
    ),
};

function shortList(items: readonly string[]): string {
  const shown = items.slice(0, 5).join(', ');
  return items.length > 5 ? `${shown} and ${items.length - 5} more` : shown;
}
