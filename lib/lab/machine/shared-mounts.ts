/** File systems that hold files which last: what a VM should see of the machine. Not /proc, /sys, or what Docker mounts. */
const LASTING = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'f2fs',
  'zfs',
  'bcachefs',
  'overlay',
  'erofs',
  'squashfs',
]);
/** The VM has its own of these. */
const OWN = ['/proc', '/sys', '/dev', '/run', '/tmp', '/var/lib/docker', '/var/lib/containerd', '/var/lib/firebreak'];

/**
 * The mount points that a VM gets of this machine, parents first.
 * @param mountinfo the text of /proc/self/mountinfo (proc(5))
 * @param needed paths that the VM must see, whatever holds them
 */
export function sharedMounts(mountinfo: string, needed: readonly string[]): readonly string[] {
  const mounts = mountinfo
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      return { point: decoded(before.split(' ')[4] ?? ''), type: after.split(' ')[0] ?? '' };
    });
  const lasting = mounts
    .filter(({ point, type }) => point === '/' || (LASTING.has(type) && !OWN.some((own) => isWithin(own, point))))
    .map(({ point }) => point);
  const holding = needed.flatMap((path) =>
    mounts
      .map(({ point }) => point)
      .filter((point) => isWithin(point, path))
      .sort((a, b) => b.length - a.length)
      .slice(0, 1),
  );
  return [...new Set([...lasting, ...holding])].sort();
}

/** Whether a path is a directory or something in it. */
export function isWithin(directory: string, path: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

/** Blanks and such are written as three octal digits. */
function decoded(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
