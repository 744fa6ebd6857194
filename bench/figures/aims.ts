import { type Aim, type Count, type Figure, ratio, typical } from './figure.ts';

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
  return figures.flatMap((figure) => [
    ...missedLimit(figure),
    ...figure.rivals.flatMap(({ name, samples, aim }) => {
      const times = ratio(figure, samples);
      return aim === undefined || isMet(aim, times)
        ? []
        : [`${figure.what}: ${times.toFixed(2)} of ${name}, the aim is ${aimText(aim)}`];
    }),
    ...figure.counts
      .filter((count) => !isCountMet(count))
      .map(({ what: kind, found, of }) => `${figure.what}: ${found} of ${of} ${kind}, the aim is none`),
  ]);
}

function missedLimit(figure: Figure): readonly string[] {
  const { what, own, unit, limit } = figure;
  const value = typical(figure, own);
  return limit === undefined || isMet(limit, value)
    ? []
    : [`${what}: ${value.toPrecision(3)} ${unit}, the aim is ${aimText(limit)} ${unit}`];
}
