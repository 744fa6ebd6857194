import type { Ruleset } from '../network.ts';
import { elements, tableRuleset } from './text.ts';

/** Before connection tracking (-200), Docker's chains (-100, 0) and everything else that the host may have. */
const FIRST = 'priority -450';

/**
 * The host's own ruleset: the host takes no part in any segment. Whatever reaches its IP layer from the trunk, a VLAN link or a
 * bridge is dropped, and it sends nothing into them; that also closes the way from one segment to another, or to the uplink, over
 * the host's forwarding. A drop is final whatever later chains accept. Bridged frames don't pass here.
 *
 * @param links names of the interfaces concerned; they need not exist yet.
 */
export function hostRuleset(links: readonly string[]): Ruleset {
  const names = elements(links.map((link) => `"${link}"`));
  return tableRuleset('inet', 'firebreak_host', [
    {
      name: 'prerouting',
      hook: `filter hook prerouting ${FIRST}`,
      policy: 'accept',
      rules: [`iifname ${names} counter drop`],
    },
    {
      // What the host itself sends passes here, too.
      name: 'postrouting',
      hook: `filter hook postrouting ${FIRST}`,
      policy: 'accept',
      rules: [`oifname ${names} counter drop`],
    },
  ]);
}
