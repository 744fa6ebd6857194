import type { Node, Policy, Segment } from '../../lib/policy/index.ts';
import { ipBatch, listNamespaces } from '../host/ip.ts';
import { run } from '../host/run.ts';
import type { Vantage } from './measure.ts';

/**
 * A canary stands in for devices that run nothing of ours: a network namespace with a port on the segment's bridge, an address of
 * the segment and the router as gateway, as a device would have. It lives as long as one measurement.
 */
const MARK = 'fb-canary-';

const namespaceOf = ({ vlan }: Segment) => `${MARK}${vlan}`;
/** At most 15 characters, whatever the VLAN ID. */
const portOf = ({ vlan }: Segment) => `fbcanary${vlan}`;

/**
 * Does something with a canary in the segment of each of these devices, and removes them whatever happens. What a killed run left is
 * removed first.
 * @throws CommandError when one can't be made: then nothing is known of its devices
 */
export async function withCanaries<T>(
  policy: Policy,
  devices: readonly Node[],
  action: (canaries: readonly Vantage[]) => Promise<T>,
): Promise<T> {
  if (devices.length === 0) return action([]);
  await removeCanaries();
  const segments = policy.segments.filter(({ name }) => devices.some(({ segment }) => segment === name));
  try {
    for (const segment of segments) await addCanary(segment);
    return await action(
      devices.flatMap(({ name, segment: home }) =>
        segments
          .filter((segment) => segment.name === home)
          .map((segment) => ({ node: name, netns: `/run/netns/${namespaceOf(segment)}`, kind: 'canary' as const })),
      ),
    );
  } finally {
    await removeCanaries();
  }
}

async function addCanary(segment: Segment): Promise<void> {
  const namespace = namespaceOf(segment);
  const netns = `/run/netns/${namespace}`;
  await ipBatch([`netns add ${namespace}`]);
  // Before there is an interface: it shall never have an address of its own making.
  await run(['tee', '/proc/sys/net/ipv6/conf/default/disable_ipv6'], { netns, input: '1' });
  await ipBatch([
    `link add name ${portOf(segment)} type veth peer name eth0 netns ${namespace}`,
    `link set dev ${portOf(segment)} master ${segment.bridge}`,
    `link set dev ${portOf(segment)} up`,
  ]);
  await run(['ip', '-batch', '-'], {
    netns,
    input: [
      `address add ${segment.canary}/${segment.prefixLength} dev eth0`,
      'link set dev eth0 up',
      `route add default via ${segment.router} dev eth0`,
      '',
    ].join('\n'),
  });
}

/** With a namespace go its links. */
async function removeCanaries(): Promise<void> {
  const left = (await listNamespaces()).filter((name) => name.startsWith(MARK));
  await ipBatch(left.map((name) => `netns delete ${name}`));
}
