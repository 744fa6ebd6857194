import { installPackages, missingPackages } from '../lib/lab/machine/packages.ts';

/** Debian packages that the bench measures with, or against. */
const PACKAGES = [
  ...['fping', 'iperf3', 'iptables', 'iproute2', 'iputils-ping', 'nftables', 'util-linux'],
  ...['containernetworking-plugins', 'docker-compose', 'firewalld', 'dbus-daemon'],
];

export async function preparePackages(say: (what: string) => void): Promise<void> {
  const missing = await missingPackages(PACKAGES);
  if (missing.length > 0) await installPackages(missing, { say });
}
