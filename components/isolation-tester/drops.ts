import type { Policy } from '../../lib/policy/index.ts';
import { type Drop, type DropCount, namedDrops, parseDrops } from '../../lib/truck/drops.ts';
import { ROUTER } from '../../lib/truck/network.ts';
import { DROPPED, DROPPED_WITH_PORT } from '../../lib/truck/ruleset/drops.ts';
import { EDGE_TABLE, ROUTER_TABLE } from '../../lib/truck/ruleset/tables.ts';
import { containerNamespace } from '../host/container-namespace.ts';
import type { Docker } from '../host/docker.ts';
import { listSet, loadRuleset } from '../host/nft.ts';
import { CommandError } from '../host/run.ts';
import type { Vantage } from './measure.ts';

/** Where drops are counted: tables, and the paths of their network namespaces. */
export interface DropPlaces {
  /** Absent: this process's own namespace. */
  readonly host?: string;
  /** Absent: there is no router. */
  readonly router?: string;
}

/** @param host path of the host's network namespace, if it isn't this process's own */
export function dropPlaces(vantages: readonly Vantage[], host?: string): DropPlaces {
  const router = vantages.find(({ kind }) => kind === 'router')?.netns;
  return { ...(host !== undefined && { host }), ...(router !== undefined && { router }) };
}

/** To whom, by what and at which port: what a probe has, wherever it is from. */
export type Aim = Pick<DropCount, 'destination' | 'protocol' | 'port'>;

interface Place {
  readonly table: readonly [string, string];
  readonly netns?: string;
}

interface Counted extends DropCount {
  readonly place: Place;
  readonly set: string;
}

/** What edge and router have dropped, by pairs. Nothing, where no ruleset of ours is. @throws CommandError */
export async function readDrops(places: DropPlaces): Promise<readonly DropCount[]> {
  return (await read(places)).map(({ place: _place, set: _set, ...count }) => count);
}

/** The same of a truck on which this policy is in force, with names, the most packets first. @throws CommandError, DockerError */
export async function dropsNow(policy: Policy, docker: Docker): Promise<readonly Drop[]> {
  const router = await containerNamespace(docker, ROUTER);
  return namedDrops(policy, await readDrops(router === null ? {} : { router }));
}

/**
 * A measurement's own probes are no news: afterwards the counts of what it aimed at are what they were before. What others sent there in these seconds is
 * forgotten with them.
 */
export async function keepingDrops<T>(places: DropPlaces, aims: readonly Aim[], act: () => Promise<T>): Promise<T> {
  const before = await read(places);
  try {
    return await act();
  } finally {
    await restore(before, await read(places), new Set(aims.map(aimOf)));
  }
}

async function read({ host, router }: DropPlaces): Promise<readonly Counted[]> {
  const places: readonly Place[] = [
    { table: EDGE_TABLE, ...(host !== undefined && { netns: host }) },
    ...(router === undefined ? [] : [{ table: ROUTER_TABLE, netns: router }]),
  ];
  const counted = await Promise.all(
    places.flatMap((place) =>
      [DROPPED, DROPPED_WITH_PORT].map(async (set): Promise<readonly Counted[]> => {
        const listing = await listSet(place.table, set, place.netns);
        return listing === null ? [] : parseDrops(listing).map((count) => ({ ...count, place, set }));
      }),
    ),
  );
  return counted.flat();
}

/** One transaction for each table: a count is taken out, and put in again as it was. */
async function restore(
  before: readonly Counted[],
  after: readonly Counted[],
  aims: ReadonlySet<string>,
): Promise<void> {
  const known = new Map(before.map((count) => [keyOf(count), count]));
  const changed = after.filter((count) => aims.has(aimOf(count)) && known.get(keyOf(count))?.packets !== count.packets);
  const tables = new Map(changed.map(({ place }) => [place.table.join(' '), place]));
  for (const place of tables.values()) {
    const there = changed.filter((count) => count.place.table === place.table);
    const lines = there.flatMap((count) => {
      const was = known.get(keyOf(count));
      const element = `element ${place.table.join(' ')} ${count.set}`;
      return [
        `delete ${element} { ${elementOf(count)} }`,
        ...(was === undefined
          ? []
          : [`add ${element} { ${elementOf(was)} counter packets ${was.packets} bytes ${was.bytes} }`]),
      ];
    });
    await loadRuleset(`${lines.join('\n')}\n`, place.netns).catch(unlessChanged);
  }
}

/** A ruleset that was removed meanwhile has taken its counts along; nothing but these depends on it. */
function unlessChanged(error: unknown): void {
  if (!(error instanceof CommandError)) throw error;
}

const aimOf = ({ destination, protocol, port }: Aim): string => `${destination} ${protocol} ${port ?? ''}`;
const keyOf = (count: Counted): string => `${count.place.table.join(' ')} ${count.set} ${elementOf(count)}`;
const elementOf = ({ source, destination, protocol, port }: DropCount): string =>
  [source, destination, protocol, ...(port === undefined ? [] : [port])].join(' . ');
