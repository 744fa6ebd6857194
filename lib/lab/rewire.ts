import type { Policy } from '../policy/index.ts';
import { buildTopology } from './build-topology.ts';
import type { Machine } from './machine/machine.ts';
import { namespaceOf, topology } from './topology.ts';

/**
 * Plugs the switch, the devices and the internet as another policy has them, while the truck and its cables stay: what an
 * engineer would do at the switch when the fleet's VLANs change.
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
  const truck = namespaceOf(lab, 'truck');
  const managedSwitch = namespaceOf(lab, 'switch');
  const internet = namespaceOf(lab, 'internet');
  const devices = before.nodes.filter(({ kind }) => kind === 'device').map(({ name }) => namespaceOf(lab, name));
  // A namespace that is deleted keeps its cable until its last process ended and the kernel got round to it: cables go first.
  const ports = devices.map((_, index) => `link delete dev port${index + 1}\n`).join('');
  await machine.run(['ip', '-n', managedSwitch, '-batch', '-'], { input: ports });
  await machine.run(['ip', '-batch', '-'], { input: devices.map((name) => `netns delete ${name}\n`).join('') });
  await machine.run(['bridge', '-n', managedSwitch, 'vlan', 'delete', 'dev', 'trunk', 'vid', '1-4094']);
  for (const link of ['lo', ...before.uplinks.map((uplink) => uplink.interface)]) {
    await machine.run(['ip', '-n', internet, 'address', 'flush', 'dev', link]);
  }
  const wanted = topology(lab, after);
  const fixed = new Set([truck, managedSwitch, internet]);
  await buildTopology(machine, {
    namespaces: wanted.namespaces.filter((name) => !fixed.has(name)),
    ip: wanted.ip
      .filter(({ namespace }) => namespace !== truck)
      .map(({ namespace, commands }) =>
        namespace === managedSwitch ? { namespace, commands: commands.filter(concernsPorts) } : { namespace, commands },
      ),
    bridge: wanted.bridge,
  });
}

function concernsPorts(command: string): boolean {
  return /\bport\d+\b/.test(command);
}
