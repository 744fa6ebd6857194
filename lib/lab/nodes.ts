import type { Policy } from '../policy/index.ts';
import { ROUTER } from '../truck/network.ts';
import { namespaceOf } from './topology.ts';

/** How a command gets to a place or node of the lab: argv to put before it. */
export interface Surroundings {
  readonly lab: string;
  readonly policy: Policy;
  /** Path of the truck's Docker socket in the machine. */
  readonly socket: string;
  /** What the truck's commands find in their environment. */
  readonly truckEnvironment: Readonly<Record<string, string>>;
}

/** Every NODE that `lab exec` knows. */
export function nodeNames({ policy }: Surroundings): readonly string[] {
  return ['truck', 'switch', 'internet', ROUTER, ...policy.nodes.map(({ name }) => name)];
}

/** @throws Error that names the nodes there are. */
export function commandAt(
  surroundings: Surroundings,
  node: string,
  argv: readonly string[],
  tty = false,
): readonly string[] {
  const { lab, policy, socket, truckEnvironment } = surroundings;
  const inside = ['nsenter', `--net=/run/netns/${namespaceOf(lab, node)}`];
  if (node === 'truck') {
    return [...inside, 'env', ...Object.entries(truckEnvironment).map(([name, value]) => `${name}=${value}`), ...argv];
  }
  if (node === 'switch' || node === 'internet') return [...inside, ...argv];
  const found = policy.nodes.find(({ name }) => name === node);
  if (found?.kind === 'device') return [...inside, ...argv];
  if (found?.kind === 'container' || node === ROUTER) {
    return [
      'docker',
      '--host',
      `unix://${socket}`,
      'exec',
      ...(tty ? ['--interactive', '--tty'] : ['--interactive']),
      node,
      ...argv,
    ];
  }
  throw new Error(`there is no ${node} in this lab; its nodes are ${nodeNames(surroundings).join(', ')}`);
}
