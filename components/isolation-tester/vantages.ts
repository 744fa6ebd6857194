import type { Policy } from '../../lib/policy/index.ts';
import { INTERNET, ROUTER } from '../../lib/truck/network.ts';
import { containerNamespace } from '../host/container-namespace.ts';
import type { Docker } from '../host/docker.ts';
import type { Vantage } from './measure.ts';

/** Nodes that measure for themselves: the path of their network namespace, by name. */
export type Agents = Readonly<Record<string, string>>;

/** From where this truck can measure: its containers, its router, and the nodes that have an agent. Who doesn't run is not among them. */
export async function vantagesOf(policy: Policy, docker: Docker, agents: Agents): Promise<readonly Vantage[]> {
  const containers = policy.nodes.filter(({ kind }) => kind === 'container').map(({ name }) => name);
  const running = await Promise.all(
    [ROUTER, ...containers].map(async (node): Promise<readonly Vantage[]> => {
      const netns = await containerNamespace(docker, node);
      return netns === null ? [] : [{ node, netns, kind: node === ROUTER ? 'router' : 'container' }];
    }),
  );
  const known = [INTERNET, ...policy.nodes.filter(({ kind }) => kind === 'device').map(({ name }) => name)];
  const self = known.flatMap((node): readonly Vantage[] => {
    const netns = agents[node];
    return netns === undefined ? [] : [{ node, netns, kind: node === INTERNET ? 'internet' : 'agent' }];
  });
  return [...running.flat(), ...self];
}
