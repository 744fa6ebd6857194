import { median, medianRatio, percentile } from './statistics.ts';

export type Unit =
  | 'ms'
  | 'packets/s'
  | 'Mbit/s'
  | 'µs'
  | 'MB'
  | '%'
  | 'KB/h'
  | 'messages/h'
  | 'trucks/s'
  | 'trucks'
  | 'messages'
  | 'KB'
  | '$';

/** What a bench finds out: one thing done by the product and by its rivals, in turns, in the same run. */
export interface Figure {
  readonly section: string;
  /** What is done: `matrix of 24 nodes`. */
  readonly what: string;
  readonly unit: Unit;
  readonly better: 'less' | 'more';
  /** The product's own samples, one a round. */
  readonly own: readonly number[];
  /** What stands for the samples, everybody's: this percentile (between 0 and 1); without it the median. */
  readonly percentile?: number;
  /** What the figure itself shall be, whatever others do. */
  readonly limit?: Aim;
  readonly rivals: readonly Rival[];
  readonly counts: readonly Count[];
}

/** The one number that stands for somebody's samples. */
export function typical({ percentile: wanted }: Pick<Figure, 'percentile'>, samples: readonly number[]): number {
  return wanted === undefined ? median(samples) : percentile(samples, wanted);
}

/** How many times the rival's: in each round where it is about medians, otherwise percentile by percentile. */
export function ratio(figure: Pick<Figure, 'own' | 'percentile'>, samples: readonly number[]): number {
  if (figure.percentile === undefined) return medianRatio(figure.own, samples);
  return typical(figure, figure.own) / typical(figure, samples);
}

/** Somebody else who does the same. */
export interface Rival {
  readonly name: string;
  /** In the order of the rounds; fewer than the product's where it takes long. */
  readonly samples: readonly number[];
  /** What the product's figure divided by this one shall be. */
  readonly aim?: Aim;
  /** What is to be known about the samples: `extrapolated`. */
  readonly remark?: string;
}

export type Aim = { readonly atMost: number } | { readonly atLeast: number };

/** Something that is counted, not timed, and shall be none. */
export interface Count {
  readonly what: string;
  readonly who: string;
  readonly found: number;
  readonly of: number;
  /** Does it say something about the product? A rival's counts are only told. */
  readonly ours: boolean;
}
