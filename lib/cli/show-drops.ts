import type { Drop } from '../truck/drops.ts';
import { table } from './table.ts';

/** For people. @param more how many pairs are left out */
export function dropLines(drops: readonly Omit<Drop, 'bytes'>[], more = 0): readonly string[] {
  if (drops.length === 0) return ['nothing was dropped in the last hour'];
  return [
    table(
      ['source', 'target', 'probe', 'packets dropped'],
      drops.map(({ from, to, probe, packets }) => [from, to, probe, String(packets)]),
    ),
    ...(more === 0 ? [] : [`  and ${more} more pairs: on the truck, firebreak drops shows them`]),
  ];
}
