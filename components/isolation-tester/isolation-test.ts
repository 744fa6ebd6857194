import type { Policy } from '../../lib/policy/index.ts';
import type { Expectation, Observation } from '../../lib/truck/expectation.ts';
import { judge, type Matrix } from '../../lib/truck/judge.ts';
import { positiveControls } from '../../lib/truck/positive-controls.ts';
import { canaryCanMeasure } from '../../lib/truck/stand-in.ts';
import type { Docker } from '../host/docker.ts';
import { withCanaries } from './canary.ts';
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
  readonly expectations: readonly Expectation[];
  readonly docker: Docker;
  /** Nodes that measure for themselves. */
  readonly agents: Agents;
}

/**
 * Measures all that the policy promises and judges it. Devices without an agent are targets; as sources canaries stand in for them.
 * @throws SystemCallError, CommandError or DockerError when nothing can be measured at all
 */
export async function testIsolation({
  policy,
  expectations,
  docker,
  agents,
}: IsolationTestOptions): Promise<IsolationTest> {
  const begun = performance.now();
  const own = await vantagesOf(policy, docker, agents);
  const silent = policy.nodes.filter(({ kind, name }) => kind === 'device' && !own.some(({ node }) => node === name));
  return withCanaries(policy, silent, async (canaries) => {
    const vantages = [...own, ...canaries];
    const controls = positiveControls(expectations);
    const standIns = new Set(canaries.map(({ node }) => node));
    const [measurable, unmeasurable] = split(
      expectations,
      (expectation) => !standIns.has(expectation.from) || canaryCanMeasure(policy, expectation),
    );
    const probed = [...measurable, ...controls];
    const reachable = new Set(probed.filter(({ verdict }) => verdict === 'reachable').map(({ id }) => id));
    const observations = await measure(vantages, probed, { expectReply: (id) => reachable.has(id) });
    return {
      matrix: judge(expectations, [...observations, ...unmeasurable.map(notMeasured)], controls),
      vantages: vantages.map(({ node, kind }) => ({ node, kind })),
      durationMs: Math.round(performance.now() - begun),
    };
  });
}

function split<T>(members: readonly T[], belongs: (member: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [members.filter(belongs), members.filter((member) => !belongs(member))];
}

function notMeasured({ id, from }: Expectation): Observation {
  return { id, arrived: null, reply: 'none', error: `only ${from} itself may do this, and it runs no agent` };
}
