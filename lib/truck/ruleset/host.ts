import type { Ruleset } from '../network.ts';
import { PORT_GROUPS } from '../port-group.ts';
import { elements, tableRuleset } from './text.ts';

/** Before connection tracking (-200), Docker's chains (-100, 0) and everything else that the host may have. */
const FIRST = 'priority -450';

/** The packet mark of what came in by a segment's port and over whatever bridge to the host: set at the edge. */
export const FROM_A_SEGMENT = '0xf12eb4ea';

/**
 * The host's own ruleset: the host takes no part in any segment. Whatever reaches its IP layer from the trunk, a VLAN link or a
 * bridge, or from a segment's port that is on no bridge, is dropped, and it sends nothing into them; that also closes the way from one segment to another, or to the uplink, over
 * the host's forwarding. A drop is final whatever later chains accept. Bridged frames don't pass here.
 *
 * @param links names of the interfaces concerned; they need not exist yet.
 */
export function hostRuleset(links: readonly string[]): Ruleset {
  // A container's port that somebody took off its bridge.
  const ports = `${PORT_GROUPS.from}-${PORT_GROUPS.to}`;
  const names = elements(links.map((link) => `"${link}"`));
  return tableRuleset('inet', 'firebreak_host', [
    {
      name: 'prerouting',
      hook: `filter hook prerouting ${FIRST}`,
      policy: 'accept',
      rules: [
        `iifname ${names} counter drop`,
        `iifgroup ${ports} counter drop`,
        `meta mark ${FROM_A_SEGMENT} counter drop`,
      ],
    },
    {
      name: 'output',
      hook: `filter hook output ${FIRST}`,
      policy: 'accept',
      rules: [`oifname ${names} counter drop`, `oifgroup ${ports} counter drop`],
    },
    {
      name: 'postrouting',
      hook: `filter hook postrouting ${FIRST}`,
      policy: 'accept',
      rules: [`oifname ${names} counter drop`, `oifgroup ${ports} counter drop`],
    },
  ]);
}
