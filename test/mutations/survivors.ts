/** A mutation that no test notices, and why that is right. */
export interface Survivor {
  /** On which truck; absent: on all of them. */
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
    mutation: /^(router, internet(_answers)?|edge, forward): without 127\.0\.0\.0\/8 (in set 2 )?of /,
    because:
      'the kernel itself neither forwards to a loopback address nor from one (RFC 1122, 3.2.1.3); the set says all that is no internet',
  },
  {
    mutation: /^router, (prerouting|input): without “iif lo accept”$/,
    because: 'the isolation test’s own: in a segment without nodes the router asks itself whether its address is there',
  },
];
