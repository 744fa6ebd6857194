import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readIfExists } from '../components/host/files.ts';
import { groupBy } from '../lib/truck/group-by.ts';
import { type Figure, ratio, typical } from './figures/figure.ts';
import { median } from './figures/statistics.ts';
import type { Machine } from './machine.ts';

/** Writes everything that was measured, with medians and ratios beside the samples; of a section that was not, the file keeps what it has. */
export async function writeReport(
  file: string,
  machine: Machine,
  { quick, figures }: { readonly quick: boolean; readonly figures: readonly Figure[] },
): Promise<void> {
  const sections = Object.fromEntries(
    [...groupBy(figures, ({ section }) => section)].map(([key, those]) => [
      key,
      { machine, quick, figures: those.map(figureReport) },
    ]),
  );
  const earlier = JSON.parse((await readIfExists(file)) ?? '{}') as Readonly<Record<string, unknown>>;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ ...earlier, ...sections }, null, 2)}\n`);
}

function figureReport({ section: _section, ...figure }: Figure) {
  const digest = (samples: readonly number[]) => ({
    median: rounded(median(samples)),
    ...(figure.percentile === undefined ? {} : { atPercentile: rounded(typical(figure, samples)) }),
    samples: samples.map(rounded),
  });
  return {
    ...figure,
    own: digest(figure.own),
    rivals: figure.rivals.map(({ samples, ...rival }) => ({
      ...rival,
      ...digest(samples),
      ratio: rounded(ratio(figure, samples)),
    })),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
