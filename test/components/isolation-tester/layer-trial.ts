import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '../../../lib/policy/index.ts';
import { EXAMPLES, policyOf } from '../../lib/truck/support.ts';
import type { Trial } from '../trial.ts';
import { type CarelessTruck, LAYERS, type Layer } from './careless-truck.ts';

const text = (name: string) => readFileSync(join(EXAMPLES, name), 'utf8');

/** Policies whose trucks are looked at; where segments have public addresses, private ones tell nothing. */
export const POLICIES = {
  'article.yaml': () => policyOf(text('article.yaml')),
  'station.yaml': () => policyOf(text('station.yaml')),
  'public addresses': () =>
    policyOf(text('article.yaml').replaceAll('10.0.1.', '192.0.2.').replaceAll('10.0.2.', '198.51.100.')),
} as const satisfies Record<string, () => Policy>;
export type PolicyName = keyof typeof POLICIES;

/** What can be seen on a careless truck while some layers hold and no other. */
export interface LayerTrial extends Trial<CarelessTruck> {
  readonly layers: readonly Layer[];
  /** For which policies it is true: where flows join segments, the edge is coarse. */
  readonly policies: readonly PolicyName[];
  /** Names of mutations (test/mutations) that it is about: of those it is asked first. */
  readonly about?: RegExp;
}

const WORDS: Readonly<Record<Layer, string>> = {
  host: 'host',
  edge: 'edge',
  router: 'router',
  sysctls: 'sysctls',
  routerSysctls: 'the router’s sysctls',
};

/** Layers in the names of trials. */
export const named = (layers: readonly Layer[]): string =>
  layers.length === LAYERS.length ? 'all layers' : layers.map((layer) => WORDS[layer]).join(' and ');
