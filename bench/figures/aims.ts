import type { Aim, Count, Figure } from './figure.ts';
import { median, medianRatio } from './statistics.ts';

export function isMet(aim: Aim, value: number): boolean {
  return 'atMost' in aim ? value <= aim.atMost : value >= aim.atLeast;
}

export function aimText(aim: Aim): string {
  return 'atMost' in aim ? `≤ ${aim.atMost}` : `≥ ${aim.atLeast}`;
}

export function isCountMet({ ours, found }: Count): boolean {
  return !ours || found === 0;
}

/** In words, each aim that is missed. */
export function missedAims(figures: readonly Figure[]): readonly string[] {
  return figures.flatMap(({ what, own, unit, limit, rivals, counts }) => [
    ...(limit === undefined || isMet(limit, median(own))
      ? []
      : [`${what}: ${median(own).toPrecision(3)} ${unit}, the aim is ${aimText(limit)} ${unit}`]),
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
