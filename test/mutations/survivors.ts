/** A mutation that no test notices, and why that is right. */
export interface Survivor {
  /** On which truck; absent: on all that are made of network namespaces. */
  readonly truck?: string;
  /** Its name, or what the names of several have in common. */
  readonly mutation: RegExp;
  readonly because: string;
  /** On some machines a test notices it all the same. */
  readonly here?: true;
}

/**
 * Each must match some mutation, and none that a test kills: so the list stays true. What doesn't belong here is a rule that nobody needs: that
 * one goes from the product.
 */
export const SURVIVORS: readonly Survivor[] = [
  {
    mutation: /: without “(oifname "fb-host" )?ip [sd]addr 127\.0\.0\.0\/8 (counter drop|goto count_and_drop)”/,
    because:
      'the kernel itself neither forwards to a loopback address nor from one (RFC 1122, 3.2.1.3); the set says all that is no internet',
  },
  {
    mutation: /^edge, inward: without parameter-problem of /,
    because: 'nothing on a way between Linux hosts says that; a router that can’t read an option would (RFC 792)',
  },
  {
    mutation: /^router, forward: without established of “(meta time [^”]*)?ct mark /,
    because: 'only speed: what it lets pass at once is looked up and let pass; npm run bench shows by how much',
  },
  {
    truck: 'article.yaml',
    mutation: /^router, forward: without established of “ct direction original /,
    because: 'it matters when rulesets are swapped: see the conversations',
  },
  {
    truck: 'conversations',
    mutation: /^router, forward: without (related of )?“(meta time [^”]*)?ct mark /,
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
    truck: 'conversations',
    mutation: /^router, forward: without “goto count_and_drop”$/,
    because: 'the chain’s default drops what it would have counted; that it counts, the article shows',
  },
  {
    mutation: /^router, prerouting: without “goto count_and_drop”$/,
    because: 'the chain’s default drops what it would have counted: sources of somebody else’s, which no matrix sends',
  },
  {
    mutation: /^router, input: without “(meta mark \S+|iifgroup \{? ?[\d, ]+ ?\}?) counter drop”$/,
    because: 'what comes after it drops it, too, and counts it for its pair: this is about what is worth counting',
  },
  {
    truck: 'article.yaml',
    mutation: /^router, output: without “meta mark \S+ goto copies”$/,
    because: 'without a broadcast no copy is made: see the station',
  },
  {
    truck: 'station.yaml',
    mutation: /^router, messages: without (iifgroup|ip saddr|ip daddr|udp dport) .* of “iifgroup/,
    because:
      'a second lock: prerouting believes an address on its own segment’s interface only, and copies drops what is not declared',
  },
  {
    truck: 'lab',
    mutation: /^router: with a default of prerouting that accepts$/,
    because:
      'edge and forward drop it, too: the whole truck has two layers; on a careless one prerouting is seen alone',
  },
  {
    truck: 'engine',
    mutation: /LogConfig/,
    because: 'it isolates nothing: it keeps a container’s output from filling the disk',
  },
  {
    truck: 'engine',
    mutation: /CheckDuplicate$/,
    because: 'somebody else’s network of the name is an obstacle before anything is asked for (plan.test.ts)',
  },
  {
    truck: 'engine',
    mutation: /EnableIPv6$|br0net: without Internal$/,
    because: 'it is the engine’s default, said so that the request is complete',
  },
  {
    truck: 'engine',
    mutation: /^engine, (?!br0net|router).*enable_ip_masquerade$/,
    because: 'an internal network is not masqueraded anyway; the option is said for all bridges alike',
  },
  {
    truck: 'engine',
    mutation: /ReadonlyPaths, \/proc\/(sysrq-trigger|sys\/(sunrpc|xen))$/,
    because: 'a kernel that hasn’t got this path has nothing to protect there',
    here: true,
  },
  {
    truck: 'engine',
    mutation: /Sysctls, net\.ipv4\.ip_forward$/,
    because: 'a new namespace has it from the machine: it matters where that forwards, as a truck does',
    here: true,
  },
  {
    truck: 'engine',
    mutation: /Sysctls, net\.ipv(4\.conf\.\w+\.rp_filter|6\.)/,
    because: 'the kernel, or the engine, begins with this value, unless the machine says otherwise',
    here: true,
  },
  {
    truck: 'article.yaml',
    mutation: /^edge, forward: without “ether daddr 06:fb:c6:13:00:01 counter drop”$/,
    because:
      'not shown yet: on the careless truck’s bridge a frame to the router’s MAC address doesn’t come out even without this rule, and why is not known',
  },
];
