import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Figure } from './figures/figure.ts';
import { median, medianRatio } from './figures/statistics.ts';
import type { Machine } from './machine.ts';

/** Everything that was measured, with medians and ratios beside the samples. */
export async function writeReport(
  file: string,
  machine: Machine,
  { quick, figures }: { readonly quick: boolean; readonly figures: readonly Figure[] },
): Promise<void> {
  const report = {
    machine,
    quick,
    figures: figures.map((figure) => ({
      ...figure,
      own: digest(figure.own),
      rivals: figure.rivals.map(({ samples, ...rival }) => ({
        ...rival,
        ...digest(samples),
        ratio: rounded(medianRatio(figure.own, samples)),
      })),
    })),
  };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
}

function digest(samples: readonly number[]): { readonly median: number; readonly samples: readonly number[] } {
  return { median: rounded(median(samples)), samples: samples.map(rounded) };
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
