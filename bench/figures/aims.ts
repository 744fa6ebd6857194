import type { Aim, Count, Figure } from './figure.ts';
import { medianRatio } from './statistics.ts';

export function isMet(aim: Aim, ratio: number): boolean {
  return 'atMost' in aim ? ratio <= aim.atMost : ratio >= aim.atLeast;
}

export function aimText(aim: Aim): string {
  return 'atMost' in aim ? `≤ ${aim.atMost}` : `≥ ${aim.atLeast}`;
}

export function isCountMet({ ours, found }: Count): boolean {
  return !ours || found === 0;
}

/** In words, each aim that is missed. */
export function missedAims(figures: readonly Figure[]): readonly string[] {
  return figures.flatMap(({ what, own, rivals, counts }) => [
    ...rivals.flatMap(({ name, samples, aim }) => {
      const ratio = medianRatio(own, samples);
      return aim === undefined || isMet(aim, ratio)
        ? []
        : [`${what}: ${ratio.toFixed(2)} of ${name}, the aim is ${aimText(aim)}`];
    }),
    ...counts
      .filter((count) => !isCountMet(count))
      .map(({ what: kind, found, of }) => `${what}: ${found} of ${of} ${kind}, the aim is none`),
  ]);
}
