import { SystemCallError } from './sockets/libc.ts';
import { inNamespace } from './sockets/namespace.ts';
import { attributesOf, type Entry, list } from './sockets/netlink.ts';

/** What a network namespace holds, as far as it is of interest here; constants of linux/if_link.h, linux/rtnetlink.h, linux/fib_rules.h. */
export interface NetworkView {
  /** Without lo. */
  readonly links: readonly ViewedLink[];
  /** IPv4 default routes of all tables. */
  readonly defaultRoutes: readonly ViewedRoute[];
  /** IPv4 routing rules in words (`99: lookup 254 suppress 0`), in their order; null where the kernel has none (CONFIG_IP_MULTIPLE_TABLES). */
  readonly rules: readonly string[] | null;
}

export interface ViewedLink {
  readonly index: number;
  readonly name: string;
  /** `veth`, `bridge`, …; empty for a real interface. */
  readonly kind: string;
  readonly mac: string;
  readonly group: number;
  readonly up: boolean;
  /** Index of a veth's other end, wherever that is. */
  readonly peer?: number;
  /** IPv4, with prefix length. */
  readonly addresses: readonly string[];
}

export interface ViewedRoute {
  readonly table: number;
  /** Empty for one without a next hop, or with several. */
  readonly gateway: string;
  /** Index of its interface; 0: several. */
  readonly link: number;
  readonly metric: number;
}

const AF_UNSPEC = 0;
const AF_INET = 2;
const IFLA = { ADDRESS: 1, IFNAME: 3, LINK: 5, LINKINFO: 18, GROUP: 27 };
const IFLA_INFO_KIND = 1;
const IFF_UP = 1;
const IFF_LOOPBACK = 8;
const IFA = { ADDRESS: 1, LOCAL: 2 };
const RTN_UNICAST = 1;
const RTA = { OIF: 4, GATEWAY: 5, PRIORITY: 6, TABLE: 15 };
const FR_ACT_TO_TBL = 1;
/** SUPPRESS_IFGROUP and PROTOCOL come with every rule, and don't say what it is about. */
const FRA = { PRIORITY: 6, SUPPRESS_IFGROUP: 13, SUPPRESS_PREFIXLEN: 14, TABLE: 15, PROTOCOL: 21 };

/** Looks into a namespace, in less than a millisecond. @param netns its path @throws Error ENOENT when it is gone */
export function viewNetwork(netns: string): NetworkView {
  const { links, addresses, routes, rules } = inNamespace(netns, () => ({
    links: list('links', AF_UNSPEC),
    addresses: list('addresses', AF_INET),
    routes: list('routes', AF_INET),
    rules: rulesOrNone(),
  }));
  return {
    links: links
      .filter(({ fixed }) => (fixed.readUInt32LE(8) & IFF_LOOPBACK) === 0)
      .map((link) => linkOf(link, addresses)),
    defaultRoutes: routes.filter(isDefault).map(routeOf),
    rules: rules?.map(ruleInWords) ?? null,
  };
}

function rulesOrNone(): readonly Entry[] | null {
  try {
    return list('rules', AF_INET);
  } catch (error) {
    if (error instanceof SystemCallError && error.code === 'EOPNOTSUPP') return null;
    throw error;
  }
}

function linkOf({ fixed, attributes }: Entry, addresses: readonly Entry[]): ViewedLink {
  const index = fixed.readInt32LE(4);
  const peer = attributes.get(IFLA.LINK);
  return {
    index,
    name: textOf(attributes.get(IFLA.IFNAME)),
    kind: textOf(attributesOf(attributes.get(IFLA.LINKINFO) ?? NONE).get(IFLA_INFO_KIND)),
    mac: [...(attributes.get(IFLA.ADDRESS) ?? NONE)].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
    group: numberOf(attributes.get(IFLA.GROUP)),
    up: (fixed.readUInt32LE(8) & IFF_UP) !== 0,
    ...(peer === undefined ? {} : { peer: numberOf(peer) }),
    addresses: addresses.filter((address) => address.fixed.readUInt32LE(4) === index).map(addressOf),
  };
}

function addressOf({ fixed, attributes }: Entry): string {
  return `${ipv4Of(attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS))}/${fixed.readUInt8(1)}`;
}

function isDefault({ fixed }: Entry): boolean {
  return fixed.readUInt8(1) === 0 && fixed.readUInt8(7) === RTN_UNICAST;
}

function routeOf({ fixed, attributes }: Entry): ViewedRoute {
  return {
    table: tableOf(fixed.readUInt8(4), attributes.get(RTA.TABLE)),
    gateway: ipv4Of(attributes.get(RTA.GATEWAY)),
    link: numberOf(attributes.get(RTA.OIF)),
    metric: numberOf(attributes.get(RTA.PRIORITY)),
  };
}

function ruleInWords({ fixed, attributes }: Entry): string {
  const action = fixed.readUInt8(7);
  const target = `lookup ${tableOf(fixed.readUInt8(4), attributes.get(FRA.TABLE))}`;
  const suppressed = attributes.get(FRA.SUPPRESS_PREFIXLEN)?.readInt32LE(0) ?? -1;
  const conditions = [...attributes.keys()].filter((type) => !Object.values(FRA).includes(type));
  return [
    `${numberOf(attributes.get(FRA.PRIORITY))}:`,
    ...conditions.map((type) => `if attribute ${type}`),
    action === FR_ACT_TO_TBL ? target : `action ${action}`,
    ...(suppressed < 0 ? [] : [`suppress ${suppressed}`]),
  ].join(' ');
}

/** Tables up to 255 are in the fixed part, too. */
function tableOf(short: number, table: Buffer | undefined): number {
  return table === undefined ? short : numberOf(table);
}

const NONE = Buffer.alloc(0);

function numberOf(bytes: Buffer | undefined): number {
  return bytes === undefined ? 0 : bytes.readUInt32LE(0);
}

function textOf(bytes: Buffer | undefined): string {
  return (bytes ?? NONE).toString().replace(/\0.*$/, '');
}

function ipv4Of(bytes: Buffer | undefined): string {
  return [...(bytes ?? NONE)].join('.');
}
