import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { macOf, type Node, type Policy, type Segment } from '../../lib/policy/index.ts';
import { ipBatch } from '../host/ip.ts';
import { CommandError, run } from '../host/run.ts';
import { openNamespace } from '../host/sockets/namespace.ts';
import type { Vantage } from './measure.ts';

/**
 * A canary stands in for devices that run nothing of ours: a network namespace with a port on the segment's bridge, an address of
 * the segment and the router as gateway, as a device would have. It lives as long as one measurement: its namespace has no name and ends,
 * with its links, when the process closes it or is killed.
 */
export interface CanaryOptions {
  /** Path of the truck's network namespace, if it isn't this process's own. */
  readonly truck?: string;
  /** Milliseconds to wait for another measurement that has its canary in the same segment. */
  readonly patienceMs?: number;
}

/** At most 15 characters, whatever the VLAN ID. There is one in a segment, because there is one address for it. */
const portOf = ({ vlan }: Segment) => `fbcanary${vlan}`;

/**
 * Does something with a canary in the segment of each of these devices, and removes them whatever happens.
 * @throws Error when one can't be made: then nothing is known of its devices
 */
export function withCanaries<T>(
  policy: Policy,
  devices: readonly Node[],
  action: (canaries: readonly Vantage[]) => Promise<T>,
  options: CanaryOptions = {},
): Promise<T> {
  const inSegment = ({ name }: Segment) => devices.filter(({ segment }) => segment === name);
  const next = (segments: readonly Segment[], canaries: readonly Vantage[]): Promise<T> => {
    const [segment, ...others] = segments;
    if (segment === undefined) return action(canaries);
    return withCanary(segment, options, (netns) =>
      next(others, [
        ...canaries,
        ...inSegment(segment).map(({ name }) => ({ node: name, netns, kind: 'canary' as const })),
      ]),
    );
  };
  // In the policy's order: so two measurements at once never wait for each other.
  return next(
    policy.segments.filter((segment) => inSegment(segment).length > 0),
    [],
  );
}

async function withCanary<T>(
  segment: Segment,
  { truck, patienceMs = 60_000 }: CanaryOptions,
  action: (netns: string) => Promise<T>,
): Promise<T> {
  const namespace = openNamespace();
  try {
    await disableIpv6(namespace.path);
    await addPort(segment, namespace.path, truck, patienceMs);
    try {
      await ipBatch(
        [
          `address add ${segment.canary}/${segment.prefixLength} dev eth0`,
          'link set dev eth0 up',
          `route add default via ${segment.router} dev eth0`,
        ],
        namespace.path,
      );
      return await action(namespace.path);
    } finally {
      await removePort(segment, truck);
    }
  } finally {
    namespace.close();
  }
}

/** Before there is an interface: it shall never have an address of its own making. */
async function disableIpv6(netns: string): Promise<void> {
  if (!existsSync('/proc/sys/net/ipv6')) return;
  await run(['tee', '/proc/sys/net/ipv6/conf/default/disable_ipv6'], { netns, input: '1' });
}

/** The canary's MAC address is always the same, so that nobody remembers another one for its address. */
async function addPort(segment: Segment, netns: string, truck: string | undefined, patienceMs: number): Promise<void> {
  const port = portOf(segment);
  const deadline = performance.now() + patienceMs;
  const add = `link add name ${port} type veth peer name eth0 address ${macOf(`canary ${segment.vlan}`)} netns ${netns}`;
  for (;;) {
    try {
      await ipBatch([add], truck);
      break;
    } catch (error) {
      if (!(error instanceof CommandError && error.stderr.includes('File exists'))) throw error;
      // Of another measurement, or of a killed one and about to vanish.
      if (performance.now() > deadline) {
        throw new Error(`another measurement keeps its canary in ${segment.name} (${port}); measure when it has ended`);
      }
      await sleep(50);
    }
  }
  try {
    await ipBatch([`link set dev ${port} master ${segment.bridge}`, `link set dev ${port} up`], truck);
  } catch (error) {
    await removePort(segment, truck);
    throw error;
  }
}

/** At once: with the namespace it would go, too, but later. */
async function removePort(segment: Segment, truck: string | undefined): Promise<void> {
  try {
    await ipBatch([`link delete dev ${portOf(segment)}`], truck);
  } catch (error) {
    if (!(error instanceof CommandError && error.stderr.includes('Cannot find device'))) throw error;
  }
}
