import type { Architecture } from './debian.ts';
import type { ImageRecipe } from './image/build.ts';

/** Applets of busybox with names of their own: what firebreak-router uses, and what a human needs to look around. */
const APPLETS = [
  ...['awk', 'cat', 'grep', 'hexdump', 'ls', 'mkdir', 'mv', 'ps', 'rm', 'sed', 'sleep', 'udhcpc'],
  ...['env', 'head', 'nc', 'nslookup', 'ping', 'sort', 'tail', 'traceroute', 'true', 'wget'],
];

/**
 * The router's image: nftables, iproute2 and dnsmasq with their libraries, flock, dash, busybox, and what is ours.
 * dash, because busybox's shell runs its own applets before the programs of the same name: its ip knows no link groups.
 * @param overlayDirectory components/router/root
 */
export function routerImage(architecture: Architecture, overlayDirectory: string): ImageRecipe {
  return {
    name: 'firebreak-router',
    architecture,
    packages: [
      ...['busybox-static', 'dash', 'nftables', 'iproute2', 'util-linux', 'libc6'],
      ...['libnftables1', 'libnftnl11', 'libmnl0', 'libjansson4', 'libgmp10', 'libxtables12', 'libedit2', 'libtinfo6'],
      ...['libbsd0', 'libmd0', 'libbpf1', 'libelf1', 'libcap2', 'zlib1g'],
      // The DHCP and DNS server, and what it is linked with, though it never speaks to D-Bus or systemd here.
      ...['dnsmasq-base', 'libdbus-1-3', 'libidn2-0', 'libunistring2', 'libnettle8', 'libhogweed6', 'libsystemd0'],
      ...[
        'libnetfilter-conntrack3',
        'libnfnetlink0',
        'libgcrypt20',
        'libgpg-error0',
        'liblzma5',
        'libzstd1',
        'liblz4-1',
      ],
    ],
    programs: ['/bin/sh', '/bin/busybox', '/usr/sbin/nft', '/bin/ip', '/usr/bin/flock', '/usr/sbin/dnsmasq'],
    applets: APPLETS,
    overlayDirectory,
    entrypoint: ['/usr/local/bin/firebreak-router'],
    command: ['run'],
    labels: { 'org.opencontainers.image.title': 'firebreak-router' },
  };
}
