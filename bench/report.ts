import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readIfExists } from '../components/host/files.ts';
import { groupBy } from '../lib/truck/group-by.ts';
import type { Figure } from './figures/figure.ts';
import { median, medianRatio } from './figures/statistics.ts';
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
  return {
    ...figure,
    own: digest(figure.own),
    rivals: figure.rivals.map(({ samples, ...rival }) => ({
      ...rival,
      ...digest(samples),
      ratio: rounded(medianRatio(figure.own, samples)),
    })),
  };
}

function digest(samples: readonly number[]): { readonly median: number; readonly samples: readonly number[] } {
  return { median: rounded(median(samples)), samples: samples.map(rounded) };
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
