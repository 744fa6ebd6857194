/** A mutation that no test notices, and why that is right. */
export interface Survivor {
  /** On which truck; absent: on all that are made of network namespaces. */
  readonly truck?: string;
  /** Its name, or what the names of several have in common. */
  readonly mutation: RegExp;
  readonly because: string;
}

/**
 * Each must match some mutation, and none that a test kills: so the list stays true. What doesn't belong here is a rule that nobody needs: that
 * one goes from the product.
 */
export const SURVIVORS: readonly Survivor[] = [
  {
    mutation: /: without “counter comment "/,
    because: 'it decides nothing: it counts, for whoever reads the listing, what the chain’s default drops next',
  },
  {
    mutation: /: without “(oifname "fb-host" )?ip [sd]addr 127\.0\.0\.0\/8 counter drop”/,
    because:
      'the kernel itself neither forwards to a loopback address nor from one (RFC 1122, 3.2.1.3); the set says all that is no internet',
  },
  {
    mutation: /^edge, inward: without parameter-problem of /,
    because: 'nothing on a way between Linux hosts says that; a router that can’t read an option would (RFC 792)',
  },
  {
    mutation: /^router, forward: without established of “ct mark /,
    because: 'only speed: what it lets pass at once is looked up and let pass; npm run bench shows by how much',
  },
  {
    truck: 'article.yaml',
    mutation: /^router, forward: without established of “ct direction original /,
    because: 'it matters when rulesets are swapped: see the conversations',
  },
  {
    truck: 'conversations',
    mutation: /^router, forward: without (related of )?“ct mark /,
    because: 'conversations look themselves up again; it is for errors about them: see the article',
  },
  {
    mutation: /^router, sysctl: without net\/ipv[46]\/conf\/default\//,
    because:
      'for interfaces that come later, when the router joins a network; a careless router has all its own from the beginning',
  },
  {
    mutation: /^router, sysctl: without net\/ipv4\/conf\/all\/rp_filter = 0$/,
    because:
      'it is the kernel’s default, said because distributions set another one on the host; a second uplink’s answers need it',
  },
  {
    mutation: /^router, sysctl: without net\/ipv4\/conf\/all\/(accept|send)_redirects = 0$/,
    because: 'a second lock: input drops redirects that come, and no test provokes one that goes',
  },
  {
    mutation: /^router, sysctl: without net\/ipv4\/conf\/all\/arp_announce = 2$/,
    because:
      'the router itself sends nothing with an address of another interface, which it would show in its ARP requests',
  },
  {
    truck: 'lab',
    mutation: /^router: with a default of prerouting that accepts$/,
    because:
      'edge and forward drop it, too: the whole truck has two layers; on a careless one prerouting is seen alone',
  },
];
