import type { Figure, Rival } from '../figures/figure.ts';
import { megabytes, type Usage } from '../usage.ts';
import type { ChangeAnswer } from './change.ts';
import type { Hourly } from './traffic.ts';

/** What the section finds out, as figures; pure. */

/** Half of all changes take no longer, and 95 of a hundred; each beside the same of the least that is possible. */
export function changeFigures(rounds: readonly ChangeAnswer[]): readonly Figure[] {
  const floor: Rival = { name: 'round trip + nft -f', samples: rounds.map(({ roundTrip, load }) => roundTrip + load) };
  const parts: readonly Rival[] = [
    { name: "the broker's round trip", samples: rounds.map(({ roundTrip }) => roundTrip) },
    { name: 'nft -f alone', samples: rounds.map(({ load }) => load) },
  ];
  return (['enforced', 'reported'] as const).flatMap((milestone) => {
    const own = rounds.map((round) => round[milestone]);
    const what = `shadow update → ${milestone}`;
    return [
      { ...plain(`${what}, p50`, 'ms', own), rivals: milestone === 'enforced' ? [floor, ...parts] : [floor] },
      { ...plain(`${what}, p95`, 'ms', own), rivals: [floor], percentile: 0.95 },
    ];
  });
}

/** Of one component. */
export function memoryFigures(component: string, usage: Usage): readonly Figure[] {
  const figure = (what: string, kib: number) => plain(what, 'MB', [megabytes(kib)]);
  return [
    { ...figure(`${component}: resident memory`, usage.rss), limit: { atMost: 60 } },
    figure('… what nobody shares with it', usage.private),
    figure('… its peak since it began', usage.peak),
    figure('… its children besides, which listen', usage.children),
  ];
}

/** @param seconds of the window from which it was scaled */
export function trafficFigures({ sentBytes, receivedBytes, messages }: Hourly, seconds: number): readonly Figure[] {
  return [
    plain(`an idle truck sends (from ${seconds} s)`, 'KB/h', [sentBytes / 1000]),
    plain('… and receives', 'KB/h', [receivedBytes / 1000]),
    plain('… messages that it publishes', 'messages/h', [messages]),
  ];
}

function plain(what: string, unit: Figure['unit'], own: readonly number[]): Figure {
  return { section: 'g', what, unit, better: 'less', own, rivals: [], counts: [] };
}
