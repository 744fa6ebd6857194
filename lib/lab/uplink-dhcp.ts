import type { Policy } from '../policy/index.ts';
import { haltDaemon } from './daemon.ts';
import type { Machine } from './machine/machine.ts';
import { namespaceOf } from './topology.ts';
import { uplinkNetworks } from './uplink-networks.ts';

const pidFile = (directory: string) => `${directory}/uplink-dhcp.pid`;

/**
 * Serves leases on the uplinks that want one, as an access point or a mobile router does (dnsmasq(8)); the one that ran before ends.
 * @param directory of the lab in the machine
 */
export async function serveUplinks(machine: Machine, lab: string, directory: string, policy: Policy): Promise<void> {
  await stopServingUplinks(machine, directory);
  const served = uplinkNetworks(policy).flatMap(({ link, pool }) => (pool === undefined ? [] : [{ link, pool }]));
  if (served.length === 0) return;
  await machine.run([
    ...['nsenter', `--net=/run/netns/${namespaceOf(lab, 'internet')}`],
    ...['dnsmasq', '--conf-file=/dev/null', '--user=root', '--port=0', '--bind-interfaces', '--leasefile-ro'],
    ...[`--pid-file=${pidFile(directory)}`, '--log-facility=/dev/null'],
    ...served.flatMap(({ link, pool }) => [
      `--interface=${link}`,
      `--dhcp-range=${pool.from},${pool.to},${pool.netmask},1h`,
    ]),
  ]);
}

export async function stopServingUplinks(machine: Machine, directory: string): Promise<void> {
  await haltDaemon(machine, pidFile(directory), 'dnsmasq');
}
