import type { Link, Sysctl } from '../network.ts';
import type { Observed, ObservedLink } from '../observed.ts';
import type { Obstacle, Step } from '../steps.ts';

/** A link of the kernel that is what it shall be, apart from its port, addresses and state, which can change in place. */
function same(link: Link, observed: ObservedLink): boolean {
  if (link.kind !== observed.kind) return false;
  return link.kind === 'bridge' || (observed.vlan === link.vlan && observed.parent === link.parent);
}

/** The link as it was found, if it can stay. */
function keepable(link: Link, links: readonly Link[], observed: Observed): ObservedLink | undefined {
  const found = observed.links.find(({ name }) => name === link.name);
  return found !== undefined && same(link, found) && !isInTheWay(link, found, links, observed) ? found : undefined;
}

/**
 * A VLAN that is still a port where another one is about to become one: for a moment two segments would share a bridge. It goes, and comes
 * back where it belongs, because links are removed before any joins.
 */
function isInTheWay(link: Link, found: ObservedLink, links: readonly Link[], observed: Observed): boolean {
  if (link.kind !== 'vlan' || found.bridge === undefined || found.bridge === link.bridge) return false;
  return links.some(
    (other) =>
      other.kind === 'vlan' &&
      other.name !== link.name &&
      other.bridge === found.bridge &&
      !observed.links.some((port) => port.name === other.name && same(other, port) && port.bridge === other.bridge),
  );
}

export function linkObstacles(links: readonly Link[], observed: Observed): readonly Obstacle[] {
  return links.flatMap((link) => {
    const found = observed.links.find(({ name }) => name === link.name);
    return found === undefined || found.owned
      ? []
      : [
          {
            what: `link ${link.name} exists and was not made by Firebreak`,
            remedy: `remove it (ip link delete ${link.name})${isHostLink(link) ? '' : ' or give the segment another bridge name'}`,
          },
        ];
  });
}

/** Own links that are no longer wanted, or are something else than wanted. A VLAN goes before its bridge. */
export function removeLinks(links: readonly Link[], observed: Observed): readonly Step[] {
  const stale = observed.links.filter((found) => {
    if (!found.owned) return false;
    const wanted = links.find(({ name }) => name === found.name);
    return wanted === undefined || keepable(wanted, links, observed) === undefined;
  });
  return [...stale.filter(({ kind }) => kind !== 'bridge'), ...stale.filter(({ kind }) => kind === 'bridge')].map(
    ({ name }) => ({ do: 'delete-link', link: name }),
  );
}

/** Names of the links that have to be made. */
export function linksToAdd(links: readonly Link[], observed: Observed): ReadonlySet<string> {
  return new Set(links.filter((link) => keepable(link, links, observed) === undefined).map(({ name }) => name));
}

/** Links in the order: made (down), closed by their sysctls, joined, freed of addresses, given the one of the host link, raised. */
export function addLinks(links: readonly Link[], sysctls: readonly Sysctl[], observed: Observed): readonly Step[] {
  const missing = linksToAdd(links, observed);
  const kept = new Map(
    observed.links
      .filter(({ name }) => links.some((link) => link.name === name) && !missing.has(name))
      .map((found) => [found.name, found]),
  );
  return [
    ...links.filter(({ name }) => missing.has(name)).map((link): Step => ({ do: 'add-link', link })),
    ...sysctls
      .filter((sysctl) => touches(sysctl, missing) || differs(sysctl, observed))
      .map((sysctl): Step => ({ do: 'set-sysctl', sysctl })),
    ...links.flatMap((link): readonly Step[] => {
      if (link.kind !== 'vlan') return [];
      // A bridge that is made anew has no ports.
      const port = missing.has(link.bridge) ? undefined : kept.get(link.name)?.bridge;
      return port === link.bridge ? [] : [{ do: 'join-bridge', link: link.name, bridge: link.bridge }];
    }),
    ...[...kept].flatMap(([link, found]) =>
      found.addresses
        .filter((address) => address !== addressOf(link, links))
        .map((address): Step => ({ do: 'remove-address', link, address })),
    ),
    ...links.flatMap((link): readonly Step[] => {
      const address = addressOf(link.name, links);
      const stands = address === undefined || kept.get(link.name)?.addresses.includes(address) === true;
      return stands ? [] : [{ do: 'add-address', link: link.name, address }];
    }),
    ...links
      .filter(({ name }) => kept.get(name)?.up !== true)
      .map(({ name }): Step => ({ do: 'raise-link', link: name })),
  ];
}

const isHostLink = (link: Link) => link.kind === 'bridge' && link.address !== undefined;

/** The host's address on the host link. */
function addressOf(name: string, links: readonly Link[]): string | undefined {
  const link = links.find((candidate) => candidate.name === name);
  return link?.kind === 'bridge' ? link.address : undefined;
}

function touches(sysctl: Sysctl, links: ReadonlySet<string>): boolean {
  const name = /^net\/ipv[46]\/conf\/([^/]+)\//.exec(sysctl.path)?.[1];
  return name !== undefined && links.has(name);
}

function differs(sysctl: Sysctl, observed: Observed): boolean {
  const value = observed.sysctls[sysctl.path] ?? null;
  return value === null ? sysctl.optional !== true : value !== sysctl.value;
}
