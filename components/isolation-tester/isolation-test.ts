import type { Policy } from '../../lib/policy/index.ts';
import type { Expectation, Observation } from '../../lib/truck/expectation.ts';
import { expectations } from '../../lib/truck/expectations.ts';
import { judge, type Matrix } from '../../lib/truck/judge.ts';
import { positiveControls } from '../../lib/truck/positive-controls.ts';
import { canaryCanMeasure } from '../../lib/truck/stand-in.ts';
import type { Docker } from '../host/docker.ts';
import { withCanaries } from './canary.ts';
import { dropPlaces, keepingDrops } from './drops.ts';
import { measure, type Vantage } from './measure.ts';
import { type Agents, vantagesOf } from './vantages.ts';

export interface IsolationTest {
  readonly matrix: Matrix;
  /** From where it was measured. */
  readonly vantages: readonly Pick<Vantage, 'node' | 'kind'>[];
  /** Milliseconds that the measuring took. */
  readonly durationMs: number;
}

export interface IsolationTestOptions {
  readonly policy: Policy;
  readonly docker: Docker;
  /** Nodes that measure for themselves. */
  readonly agents: Agents;
}

/**
 * Measures all that the policy promises and judges it. Devices without an agent are targets; as sources canaries stand in for them.
 * @throws SystemCallError, CommandError or DockerError when nothing can be measured at all
 */
export async function testIsolation({ policy, docker, agents }: IsolationTestOptions): Promise<IsolationTest> {
  const begun = performance.now();
  const own = await vantagesOf(policy, docker, agents);
  const silent = policy.nodes.filter(({ kind, name }) => kind === 'device' && !own.some(({ node }) => node === name));
  return withCanaries(policy, silent, async (canaries) => {
    const vantages = [...own, ...canaries];
    const at = Date.now();
    const promised = expectations(policy, at);
    const controls = positiveControls(promised);
    const standIns = new Set(canaries.map(({ node }) => node));
    const [measurable, unmeasurable] = split(
      promised,
      (expectation) => !standIns.has(expectation.from) || canaryCanMeasure(policy, at, expectation),
    );
    const probed = [...measurable, ...controls];
    const reachable = new Set(probed.filter(({ verdict }) => verdict === 'reachable').map(({ id }) => id));
    const observations = await keepingDrops(dropPlaces(own), probed.map(aimOf), () =>
      measure(vantages, probed, { expectReply: (id) => reachable.has(id) }),
    );
    const later = new Map(expectations(policy, Date.now()).map(({ id, verdict }) => [id, verdict]));
    const fleeting = new Set(promised.filter(({ id, verdict }) => later.get(id) !== verdict).map(({ id }) => id));
    const lasting = observations.filter(({ id }) => !fleeting.has(id));
    const unknown = [...unmeasurable.map(onlyItself), ...[...fleeting].map(begunOrEnded)];
    return {
      matrix: judge(promised, [...lasting, ...unknown], controls),
      vantages: vantages.map(({ node, kind }) => ({ node, kind })),
      durationMs: Math.round(performance.now() - begun),
    };
  });
}

const aimOf = ({ address, probe }: Expectation) => ({
  ...{ destination: address, protocol: probe.protocol },
  ...(probe.protocol !== 'icmp' && { port: probe.port }),
});

function split<T>(members: readonly T[], belongs: (member: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [members.filter(belongs), members.filter((member) => !belongs(member))];
}

const notMeasured = (id: string, error: string): Observation => ({ id, arrived: null, reply: 'none', error });
const onlyItself = ({ id, from }: Expectation) =>
  notMeasured(id, `only ${from} itself may do this, and it runs no agent`);
const begunOrEnded = (id: string) => notMeasured(id, 'a flow began or ended while this was measured');
