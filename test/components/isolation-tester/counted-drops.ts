import { readDrops } from '../../../components/isolation-tester/drops.ts';
import type { Expectation } from '../../../lib/truck/expectation.ts';
import { DROPPED, DROPPED_WITH_PORT } from '../../../lib/truck/ruleset/drops.ts';
import { EDGE_TABLE, ROUTER_TABLE } from '../../../lib/truck/ruleset/tables.ts';
import type { CarelessTruck } from './careless-truck.ts';
import type { LayerTrial } from './layer-trial.ts';

const counted = (layer: 'edge' | 'router', policies: LayerTrial['policies']): LayerTrial => ({
  name: `what is dropped is counted: from whom, to whom, and at which port, by ${layer}`,
  ...{ layers: [layer], policies, about: /count_and_drop/ },
  problems: async (truck) => {
    await truck.holds(layer);
    const [place, table] = layer === 'edge' ? (['switch', EDGE_TABLE] as const) : (['router', ROUTER_TABLE] as const);
    for (const set of [DROPPED, DROPPED_WITH_PORT])
      await truck.network.sh(place, `nft flush set ${table.join(' ')} ${set}`);
    const rows = await truck.matrixWith([layer]);
    const isolated = rows.flatMap(({ expectation }) => (expectation.verdict === 'isolated' ? [expectation] : []));
    const places = { host: truck.network.netns('switch'), router: truck.network.netns('router') };
    const known = new Set((await readDrops(places)).map((count) => keyOf(count)));
    return isolated
      .filter((expectation) => !known.has(keyOfProbe(truck, expectation)))
      .map(({ id }) => `not counted: ${id}`);
  },
});

function keyOfProbe({ policy }: CarelessTruck, { from, address, probe }: Expectation): string {
  const source = policy.nodes.find(({ name }) => name === from)?.address ?? '';
  const port = probe.protocol === 'icmp' ? {} : { port: probe.port };
  return keyOf({ source, destination: address, protocol: probe.protocol, ...port });
}

const keyOf = (count: { source: string; destination: string; protocol: string; port?: number }): string =>
  [count.source, count.destination, count.protocol, count.port].join(' ');

/** The edge is coarse where flows join segments. */
export const COUNTED_DROPS: readonly LayerTrial[] = [
  counted('router', ['article.yaml', 'station.yaml']),
  counted('edge', ['article.yaml']),
];
