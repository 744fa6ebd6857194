import { run } from './run.ts';

/** What `ip -j -d addr` tells of a link, as far as it is used here (iproute2's JSON). */
export interface IpLink {
  readonly ifname: string;
  readonly ifindex: number;
  /** Lower link of a VLAN. */
  readonly link?: string;
  /** Of a veth whose other end is in another namespace: its index there. */
  readonly link_index?: number;
  /** The bridge whose port it is. */
  readonly master?: string;
  readonly flags: readonly string[];
  readonly address?: string;
  /** A number, or a name of /etc/iproute2/group. */
  readonly group?: string;
  readonly ifalias?: string;
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: { readonly id?: number } };
  readonly addr_info?: readonly { readonly family: string; readonly local: string; readonly prefixlen: number }[];
}

export interface IpRoute {
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly metric?: number;
  /** A number, or a name of /etc/iproute2/rt_protos. */
  readonly protocol?: string;
  readonly prefsrc?: string;
}

/** All links of a network namespace with their addresses. */
export async function listLinks(netns?: string): Promise<readonly IpLink[]> {
  const text = await run(['ip', '-j', '-d', 'addr', 'show'], netns === undefined ? {} : { netns });
  return (JSON.parse(text) as readonly Partial<IpLink>[]).filter((link): link is IpLink => link.ifname !== undefined);
}

/** Those of the main table. */
export async function listDefaultRoutes(netns?: string): Promise<readonly IpRoute[]> {
  const text = await run(['ip', '-j', '-4', 'route', 'show', 'default'], netns === undefined ? {} : { netns });
  return text.trim() === '' ? [] : (JSON.parse(text) as readonly IpRoute[]);
}

/**
 * Several `ip` commands in one process, of IPv4 where a family matters. It stops at the first that fails; what came before stays done.
 * @param commands each without the leading `ip`.
 */
export async function ipBatch(commands: readonly string[], netns?: string): Promise<void> {
  if (commands.length === 0) return;
  await run(['ip', '-4', '-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    ...(netns === undefined ? {} : { netns }),
  });
}
