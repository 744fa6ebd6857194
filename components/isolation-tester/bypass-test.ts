import type { Policy } from '../../lib/policy/index.ts';
import type { BypassAttempt, BypassKind, FrameDescription } from '../../lib/truck/bypass.ts';
import { bypasses } from '../../lib/truck/bypasses.ts';
import { type BypassRow, type BypassTable, bypassTable, judgeBypasses } from '../../lib/truck/judge-bypasses.ts';
import type { Docker } from '../host/docker.ts';
import { controlFrames } from './bypass-controls.ts';
import { type BypassMeasurement, canComeIn, measureBypasses, restoreRouter } from './bypass-measure.ts';
import { survey } from './bypass-survey.ts';
import { withCanaries } from './canary.ts';
import { type Aim, dropPlaces, keepingDrops } from './drops.ts';
import type { Vantage } from './measure.ts';
import { type Agents, vantagesOf } from './vantages.ts';

export interface BypassTest extends BypassTable {
  /** Kinds that were not tried at all, and why. */
  readonly untried: readonly { readonly kind: BypassKind; readonly why: string }[];
  /** From where it was measured. */
  readonly vantages: readonly Pick<Vantage, 'node' | 'kind'>[];
  /** Milliseconds that the measuring took. */
  readonly durationMs: number;
}

export interface BypassTestOptions {
  readonly policy: Policy;
  readonly docker: Docker;
  /** Nodes that measure for themselves. */
  readonly agents: Agents;
  /** Also what a real truck would feel. */
  readonly disturb: boolean;
  /** Path of the truck's network namespace, if it isn't this process's own. */
  readonly truck?: string;
}

/** Milliseconds of listening: first, and again for what remained inconclusive; a canary's port may need a second to carry frames. */
const PATIENCE_MS = [300, 1000, 1000];

/**
 * Tries all ways round the isolation and says which are closed. Canaries send for devices without an agent.
 * @throws SystemCallError, CommandError or DockerError when nothing can be measured at all
 */
export async function testBypasses({ policy, docker, agents, disturb, truck }: BypassTestOptions): Promise<BypassTest> {
  const begun = performance.now();
  const own = await vantagesOf(policy, docker, agents);
  const silent = policy.nodes.filter(({ kind, name }) => kind === 'device' && !own.some(({ node }) => node === name));
  const where = truck === undefined ? {} : { truck };
  const measureWith = async (canaries: readonly Vantage[]): Promise<BypassTest> => {
    const vantages = [...own, ...canaries];
    const table = await tryBypasses({ policy, vantages, disturb, ...where });
    return {
      ...table,
      untried: untried(vantages, disturb),
      vantages: vantages.map(({ node, kind }) => ({ node, kind })),
      durationMs: Math.round(performance.now() - begun),
    };
  };
  return withCanaries(policy, silent, measureWith, where);
}

export interface BypassTrial {
  readonly policy: Policy;
  readonly vantages: readonly Vantage[];
  readonly disturb: boolean;
  /** Path of the truck's network namespace, if it isn't this process's own. */
  readonly truck?: string;
  /** Only these kinds. */
  readonly kinds?: readonly BypassKind[];
}

/** The same with given vantages. */
export async function tryBypasses({ policy, vantages, disturb, truck, kinds }: BypassTrial): Promise<BypassTable> {
  const found = await survey(policy, vantages, truck);
  const attempts = bypasses(policy, found.surroundings).filter(
    ({ kind, disturbs }) => (disturb || disturbs !== true) && (kinds === undefined || kinds.includes(kind)),
  );
  const measurement = { policy, vantages, survey: found, truck: truck ?? '/proc/thread-self/ns/net' };
  try {
    const frames = [...attempts, ...controlFrames(policy, found)].map(({ frame }) => frame);
    return await keepingDrops(dropPlaces(vantages, truck), frames.flatMap(aimOf), async () =>
      bypassTable(await judged(attempts, measurement)),
    );
  } finally {
    if (disturb) restoreRouter({ ...measurement, timeoutMs: 0 });
  }
}

function aimOf({ packet }: FrameDescription): readonly Aim[] {
  if (packet.type !== 'ipv4') return [];
  const { destination, protocol, port } = packet;
  return [{ destination, protocol, ...(protocol !== 'icmp' && { port }) }];
}

/** What is inconclusive is tried again, twice: a single loss proves nothing. */
async function judged(
  attempts: readonly BypassAttempt[],
  measurement: Omit<BypassMeasurement, 'timeoutMs'>,
): Promise<readonly BypassRow[]> {
  const rows = new Map<string, BypassRow>();
  let remaining = attempts;
  for (const timeoutMs of PATIENCE_MS) {
    if (remaining.length === 0) break;
    const { observations, controls } = await measureBypasses(remaining, { ...measurement, timeoutMs });
    for (const row of judgeBypasses(measurement.policy, remaining, observations, controls)) {
      rows.set(row.attempt.id, row);
    }
    remaining = remaining.filter(({ id }) => rows.get(id)?.verdict === 'inconclusive');
  }
  return attempts.flatMap(({ id }) => rows.get(id) ?? []);
}

function untried(vantages: readonly Vantage[], disturb: boolean): BypassTest['untried'] {
  return [
    ...(canComeIn(vantages)
      ? []
      : [
          {
            kind: 'inbound from the uplink',
            why: 'nobody of ours is outside: name a namespace with --agents',
          } as const,
        ]),
    ...(disturb
      ? []
      : [{ kind: 'the router’s address taken', why: 'nodes would feel it: ask for it with --disturb' } as const]),
  ];
}
