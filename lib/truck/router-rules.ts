/** The routing table of our own in the router, and its number in the script (`OUT`). */
export const OWN_TABLE = 100;

/**
 * The router's IPv4 routing rules, in the words of `viewNetwork`: the kernel's own (0, 32766, 32767: local, main, default), and between them
 * the main table without its default routes, then ours (ARCHITECTURE.md, decision 22).
 */
export const ROUTER_RULES: readonly string[] = [
  '0: lookup 255',
  '99: lookup 254 suppress 0',
  `${OWN_TABLE}: lookup ${OWN_TABLE}`,
  '32766: lookup 254',
  '32767: lookup 253',
];
