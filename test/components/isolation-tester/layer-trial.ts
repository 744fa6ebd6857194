import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Policy } from '../../../lib/policy/index.ts';
import { EXAMPLES, policyOf } from '../../lib/truck/support.ts';
import type { Trial } from '../trial.ts';
import { type CarelessTruck, LAYERS, type Layer } from './careless-truck.ts';

const text = (name: string) => readFileSync(join(EXAMPLES, name), 'utf8');

const BEGUN = '2020-01-01T00:00:00Z';
const OVER = '2021-01-01T00:00:00Z';
const FAR = '2400-01-01T00:00:00Z';

/** Some flows are in force for centuries, others are over, or have not begun; no segment has internet but by such flows. */
function stationWithTerms(): object {
  const station = parse(text('station.yaml'));
  for (const segment of Object.values<Record<string, unknown>>(station.segments)) segment.internet = false;
  const because = { owner: 'nobody', reason: 'a test' };
  Object.assign(station.flows['dashboard-reads-pump'], { starts: BEGUN, expires: FAR, ...because });
  Object.assign(station.flows['radio-reads-pump'], { expires: OVER, ...because });
  station.flows.tablet = { from: 'cab', to: 'internet', protocol: 'icmp', expires: FAR, ...because };
  station.flows.telemetry = { from: 'telemetry', to: 'internet', protocol: 'icmp', expires: OVER, ...because };
  station.flows.modem = { from: 'modem', to: 'internet', protocol: 'icmp', starts: FAR };
  return station;
}

/** Policies whose trucks are looked at; where segments have public addresses, private ones tell nothing. */
export const POLICIES = {
  'article.yaml': () => policyOf(text('article.yaml')),
  'station.yaml': () => policyOf(text('station.yaml')),
  'public addresses': () =>
    policyOf(text('article.yaml').replaceAll('10.0.1.', '192.0.2.').replaceAll('10.0.2.', '198.51.100.')),
  'flows with terms': () => policyOf(JSON.stringify(stationWithTerms())),
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
