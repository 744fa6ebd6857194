import type { Expectation } from './expectation.ts';
import { ROUTER } from './network.ts';

/**
 * Probes that no promise is made about, and without which silence would prove nothing: for each target that is expected to be
 * isolated, and that nobody is expected to reach, the router tries. Its own addresses it reaches over its loopback: that shows
 * at least that the address is there and is listened at.
 */
export function positiveControls(expectations: readonly Expectation[]): readonly Expectation[] {
  const key = ({ to, address }: Expectation) => `${to} ${address}`;
  const reachable = new Set(expectations.filter(({ verdict }) => verdict === 'reachable').map(key));
  const controls = new Map<string, Expectation>();
  for (const expectation of expectations) {
    if (reachable.has(key(expectation))) continue;
    controls.set(key(expectation), {
      id: `control ${key(expectation)}`,
      from: ROUTER,
      to: expectation.to,
      address: expectation.address,
      probe: { protocol: 'icmp' },
      verdict: 'reachable',
      because: 'positive control',
    });
  }
  return [...controls.values()];
}
