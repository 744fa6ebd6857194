import { readDrops } from '../../../components/isolation-tester/drops.ts';
import type { Expectation } from '../../../lib/truck/expectation.ts';
import { ROUTER } from '../../../lib/truck/network.ts';
import { DROPPED, DROPPED_WITH_PORT } from '../../../lib/truck/ruleset/drops.ts';
import { EDGE_TABLE, ROUTER_TABLE } from '../../../lib/truck/ruleset/tables.ts';
import type { CarelessTruck } from './careless-truck.ts';
import type { LayerTrial } from './layer-trial.ts';

/** As which nothing of a policy here is a flow. */
const PORT = 4711;

/** What edge and router both keep apart: the edge is coarse where a flow joins segments. */
function isolated({ policy, expectations }: CarelessTruck): readonly Expectation[] {
  const segmentOf = (name: string) => policy.nodes.find((node) => node.name === name)?.segment ?? name;
  const joined = new Set(policy.flows.map(({ from, to }) => [segmentOf(from), segmentOf(to)].sort().join(' ')));
  const apart = expectations.filter(
    ({ verdict, probe, from, to }) =>
      verdict === 'isolated' &&
      probe.protocol === 'icmp' &&
      to !== ROUTER &&
      !joined.has([segmentOf(from), segmentOf(to)].sort().join(' ')),
  );
  return apart.flatMap((expectation) => [
    expectation,
    ...(['tcp', 'udp'] as const).map((protocol) => ({
      ...expectation,
      id: `${expectation.id} and ${protocol}`,
      probe: { protocol, port: PORT },
    })),
  ]);
}

const counted = (layer: 'edge' | 'router'): LayerTrial => ({
  name: `what is dropped is counted: from whom, to whom, and at which port, by ${layer}`,
  ...{ layers: [layer], policies: ['article.yaml', 'station.yaml'], about: /count_and_drop/ },
  problems: async (truck) => {
    await truck.holds(layer);
    const [place, table] = layer === 'edge' ? (['switch', EDGE_TABLE] as const) : (['router', ROUTER_TABLE] as const);
    for (const set of [DROPPED, DROPPED_WITH_PORT])
      await truck.network.sh(place, `nft flush set ${table.join(' ')} ${set}`);
    const rows = await truck.matrixWith([layer], [...truck.expectations, ...isolated(truck)]);
    const places = { host: truck.network.netns('switch'), router: truck.network.netns('router') };
    const counts = await readDrops(places);
    const known = new Set(counts.map((count) => keyOf(count)));
    const expected = [
      ...isolated(truck),
      ...(layer === 'edge' ? [] : rows.map(({ expectation }) => expectation)),
    ].filter(({ verdict }) => verdict === 'isolated');
    return [
      ...expected
        .filter((expectation) => !known.has(keyOfProbe(truck, expectation)))
        .map(({ id }) => `not counted: ${id}`),
      ...counts
        .filter(({ protocol, port }) => port === undefined && (protocol === 'tcp' || protocol === 'udp'))
        .map(({ source, destination, protocol }) => `counted without its port: ${source} ${destination} ${protocol}`),
    ];
  },
});

function keyOfProbe({ policy }: CarelessTruck, { from, address, probe }: Expectation): string {
  const source = policy.nodes.find(({ name }) => name === from)?.address ?? '';
  const port = probe.protocol === 'icmp' ? {} : { port: probe.port };
  return keyOf({ source, destination: address, protocol: probe.protocol, ...port });
}

const keyOf = (count: { source: string; destination: string; protocol: string; port?: number }): string =>
  [count.source, count.destination, count.protocol, count.port].join(' ');

export const COUNTED_DROPS: readonly LayerTrial[] = [counted('router'), counted('edge')];
