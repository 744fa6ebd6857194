import type { Architecture } from '../../components/router/debian.ts';
import { qemuPackage } from './machine/qemu.ts';

/** Debian packages that a lab needs: the truck's tools, and the image builder's. */
export const PACKAGES = [
  ...['docker.io', 'dnsmasq-base', 'iptables', 'iproute2', 'iputils-ping', 'nftables', 'kmod'],
  ...['busybox-static', 'util-linux', 'tar'],
  // The lab's cloud: broker, certificates, and somebody else's clients.
  ...['mosquitto', 'mosquitto-clients', 'openssl'],
];

/** What the VM needs besides, where this machine's kernel doesn't do. Nothing of it is started as a service. */
export function vmPackages(architecture: Architecture): readonly string[] {
  return [qemuPackage(architecture), 'qemu-system-common', 'openssh-client', 'e2fsprogs'];
}
