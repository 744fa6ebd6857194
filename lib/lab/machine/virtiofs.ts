import { access } from 'node:fs/promises';

/** Where Debian keeps the C virtiofsd that this speaks to (package qemu-system-common in Debian 12). */
const VIRTIOFSD = '/usr/lib/qemu/virtiofsd';

/**
 * The command that serves this machine's files to the VM. In a mount namespace of its own everything is mounted read-only first:
 * whatever the VM does, and whoever is root in it, the machine's files stay as they are. The namespace goes with the process.
 * @param mounts as of sharedMounts
 * @param root an empty directory to mount them on
 */
export function virtiofsd(options: {
  readonly mounts: readonly string[];
  readonly root: string;
  readonly socket: string;
}): readonly string[] {
  const script = [
    'set -e',
    'root=$1; socket=$2; shift 2',
    'for point in "$@"; do',
    // A mount may be hidden below a later one.
    '  [ -e "$root$point" ] || continue',
    '  mount --bind "$point" "$root$point"',
    '  mount -o remount,bind,ro "$root$point"',
    'done',
    // Always: everything the VM has read once it never asks for again, which halves the time of a boot.
    `exec ${VIRTIOFSD} -f --socket-path="$socket" -o source="$root" -o sandbox=chroot -o cache=always -o log_level=warn`,
  ].join('\n');
  const { root, socket, mounts } = options;
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'virtiofsd', root, socket, ...mounts];
}

/** @throws Error when it is not installed. */
export async function requireVirtiofsd(): Promise<void> {
  try {
    await access(VIRTIOFSD);
  } catch (cause) {
    throw new Error(`${VIRTIOFSD} is missing: the VM needs Debian 12 with its package qemu-system-common`, { cause });
  }
}
