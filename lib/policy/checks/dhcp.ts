import type { Draft } from '../draft.ts';
import { contains, toNumber, toSubnet } from '../ipv4.ts';
import { type Problem, dhcp as say, uplinks } from '../problems.ts';
import { SPECIAL_RANGES } from '../ranges.ts';

/** The router asks servers outside the truck: one in a segment it would ask, and lead others to, without any flow. */
export function* dnsServers(draft: Draft): Iterable<Problem> {
  const servers = draft.dns?.servers ?? [];
  if (servers.length > 0 && draft.declared.uplinks.size === 0) yield uplinks.nobody('dns.servers');
  for (const [index, address] of servers.entries()) {
    const path = `dns.servers[${index}]`;
    yield* special(path, address);
    const within = [...draft.segments].find(([, { subnet }]) => contains(toSubnet(subnet), toNumber(address)));
    if (within !== undefined) yield say.serverInSegment(path, address, within[0]);
    const { host } = draft;
    if (host?.internet === true && contains(toSubnet(host.subnet), toNumber(address)))
      yield say.serverOnHostLink(path, address);
  }
}

/** Nodes are told of nothing that nobody can be. */
export function* timeServers(draft: Draft): Iterable<Problem> {
  for (const [name, { dhcp }] of draft.segments) {
    if (typeof dhcp !== 'object') continue;
    for (const [index, address] of (dhcp.ntp ?? []).entries())
      yield* special(`segments.${name}.dhcp.ntp[${index}]`, address);
  }
}

function* special(path: string, address: string): Iterable<Problem> {
  const found = SPECIAL_RANGES.find(({ subnet }) => contains(subnet, toNumber(address)));
  if (found !== undefined) yield say.special(path, address, found.meaning);
}
