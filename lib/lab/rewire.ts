import type { Policy } from '../policy/index.ts';
import { buildTopology } from './build-topology.ts';
import type { Machine } from './machine/machine.ts';
import { namespaceOf, type Topology, topology } from './topology.ts';

/**
 * Plugs the switch, the devices and the internet as another policy has them, while the truck and its cables stay: what an
 * engineer would do at the switch when the fleet's VLANs change. What both policies have in common is not touched.
 * @throws Error when trunk or uplinks have other interfaces: those are the truck's hardware.
 */
export async function rewire(machine: Machine, lab: string, before: Policy, after: Policy): Promise<void> {
  const hardware = (policy: Policy) =>
    [policy.trunk.interface, ...policy.uplinks.map((uplink) => uplink.interface)].join(' ');
  if (hardware(before) !== hardware(after)) {
    throw new Error(
      `the lab's truck has the interfaces ${hardware(before)}, the policy wants ${hardware(after)}: take the lab down and up again`,
    );
  }
  const managedSwitch = namespaceOf(lab, 'switch');
  const [was, is] = [topology(lab, before), topology(lab, after)];
  const [oldPlugs, newPlugs] = [plugs(lab, before, was), plugs(lab, after, is)];
  const gone = oldPlugs.filter((plug) => !newPlugs.some((other) => isSamePlug(plug, other)));
  const added = newPlugs.filter((plug) => !oldPlugs.some((other) => isSamePlug(plug, other)));
  // A namespace that is deleted keeps its cable until its last process ended and the kernel got round to it: cables go first.
  await batch(
    machine,
    ['ip', '-n', managedSwitch],
    gone.map(({ port }) => `link delete dev ${port}`),
  );
  await batch(
    machine,
    ['ip'],
    gone.map(({ namespace }) => `netns delete ${namespace}`),
  );
  const trunk = (policy: Policy) => policy.segments.map(({ vlan }) => vlan);
  const [oldVlans, newVlans] = [trunk(before), trunk(after)];
  const withdrawn = oldVlans.filter((vlan) => !newVlans.includes(vlan));
  await batch(
    machine,
    ['bridge', '-n', managedSwitch],
    withdrawn.map((vlan) => `vlan delete dev trunk vid ${vlan}`),
  );
  await buildTopology(machine, {
    namespaces: added.map(({ namespace }) => namespace),
    ip: added.flatMap(({ namespace, atSwitch, atDevice, route }) => [
      { namespace: managedSwitch, commands: atSwitch },
      { namespace, commands: [...atDevice, route] },
    ]),
    bridge: [
      {
        namespace: managedSwitch,
        commands: [
          ...newVlans.filter((vlan) => !oldVlans.includes(vlan)).map((vlan) => `vlan add dev trunk vid ${vlan}`),
          ...added.flatMap(({ vlans }) => vlans),
        ],
      },
    ],
  });
  // A device that only learns another router, as by its DHCP lease, goes on talking to its neighbours.
  for (const plug of newPlugs) {
    const known = oldPlugs.find((other) => isSamePlug(plug, other));
    if (known === undefined || known.route === plug.route) continue;
    await batch(machine, ['ip', '-n', plug.namespace], [plug.route.replace('route add', 'route replace')]);
  }
  await rewireInternet(machine, namespaceOf(lab, 'internet'), before, [was, is]);
}

/** A device at its port: what was told to the switch and to itself. */
interface Plug {
  readonly namespace: string;
  readonly port: string;
  readonly atSwitch: readonly string[];
  readonly vlans: readonly string[];
  readonly atDevice: readonly string[];
  /** The last of what was told to the device. */
  readonly route: string;
}

/** Whatever the device's route is. */
function isSamePlug({ route: _one, ...plug }: Plug, { route: _other, ...other }: Plug): boolean {
  return sameAs(plug, other);
}

function plugs(lab: string, policy: Policy, { ip, bridge }: Topology): readonly Plug[] {
  const devices = policy.nodes.filter(({ kind }) => kind === 'device');
  return devices.map((device, index) => {
    const namespace = namespaceOf(lab, device.name);
    const port = `port${index + 1}`;
    const atDevice = ip.filter((one) => one.namespace === namespace).flatMap(({ commands }) => commands);
    const ofPort = (command: string) => command.split(' ').includes(port);
    return {
      ...{ namespace, port },
      atSwitch: ip.flatMap(({ commands }) => commands).filter(ofPort),
      vlans: bridge.flatMap(({ commands }) => commands).filter(ofPort),
      atDevice: atDevice.slice(0, -1),
      route: atDevice.at(-1) ?? '',
    };
  });
}

/** The far side of the uplinks, if it is another one. */
async function rewireInternet(
  machine: Machine,
  namespace: string,
  before: Policy,
  [was, is]: readonly [Topology, Topology],
): Promise<void> {
  const told = ({ ip }: Topology) => ip.filter((one) => one.namespace === namespace);
  if (sameAs(told(was), told(is))) return;
  const links = ['lo', ...before.uplinks.map((uplink) => uplink.interface)];
  await batch(
    machine,
    ['ip', '-n', namespace],
    links.map((link) => `address flush dev ${link}`),
  );
  await buildTopology(machine, { namespaces: [], ip: told(is), bridge: [] });
}

async function batch(machine: Machine, tool: readonly string[], commands: readonly string[]): Promise<void> {
  if (commands.length === 0) return;
  await machine.run([...tool, '-batch', '-'], { input: commands.map((command) => `${command}\n`).join('') });
}

function sameAs(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
