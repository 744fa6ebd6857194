import { quote } from './quote.ts';

/** The virtio-serial port that sshd answers on, and the tag of the machine's file system. */
export const SSH_PORT = 'firebreak.ssh';
export const FILE_SYSTEM_TAG = 'machine';
/** What a probe boot says on its console when the kernel runs. */
export const PROBE_MARKER = 'firebreak: this kernel runs';
export const PROBE_ARGUMENT = 'firebreak.probe';

/** Applets of busybox that the scripts use; they get links in the initramfs. */
export const APPLETS = [
  'sh',
  'cat',
  'chmod',
  'cp',
  'grep',
  'hostname',
  'insmod',
  'ip',
  'ln',
  'mkdir',
  'mount',
  'poweroff',
  'sed',
  'switch_root',
];

/** Values for the first script, as shell assignments. */
export function settings(values: {
  readonly hostname: string;
  /** Kernel modules in the order of loading, paths in the initramfs. */
  readonly load: readonly string[];
  readonly release: string;
  /** Directories of the machine. */
  readonly modules: string;
  readonly sshd: string;
  /** Directories of the machine that the VM's own /tmp and /run would hide. */
  readonly keep: readonly string[];
}): string {
  return [
    `HOSTNAME=${quote(values.hostname)}`,
    `LOAD=${quote(values.load.join(' '))}`,
    `RELEASE=${quote(values.release)}`,
    `MODULES=${quote(values.modules)}`,
    `SSHD=${quote(values.sshd)}`,
    `KEEP=${quote(values.keep.join('\n'))}`,
    '',
  ].join('\n');
}

/**
 * /init: loads the drivers, makes the root file system (the machine's own, read-only, below a tmpfs that takes the changes), mounts
 * what a system has, and hands over to busybox's init, which keeps sshd answering. None of the machine's services starts.
 */
export const INIT = `#!/bin/sh
# A failure ends the VM, and its last words are in the console's log.
fail() { echo "firebreak: the VM could not start: $*"; poweroff -f; }
must() { "$@" || fail "$*"; }
tmpfs() { mkdir -p "$1"; must mount -t tmpfs -o "$2" tmpfs "$1"; }
export PATH=/bin
mkdir -p /proc /sys /dev /machine /changes /root
must mount -t proc proc /proc
if grep -q ${PROBE_ARGUMENT} /proc/cmdline; then echo "${PROBE_MARKER}"; poweroff -f; fi
must mount -t devtmpfs dev /dev
must mount -t sysfs sys /sys
. /firebreak/settings
for module in $LOAD; do must insmod "/modules/$module"; done

# The device can't write to the machine either: outside, everything is mounted read-only.
must mount -t virtiofs -o ro ${FILE_SYSTEM_TAG} /machine
tmpfs /changes mode=0755
mkdir /changes/upper /changes/work
must mount -t overlay -o lowerdir=/machine,upperdir=/changes/upper,workdir=/changes/work root /root
cd /root || fail 'no root'

mkdir -p dev proc sys
must mount --move /dev dev; must mount --move /proc proc; must mount --move /sys sys
mkdir -p dev/pts dev/mqueue dev/virtio-ports
must mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts dev/pts
mount -t mqueue mqueue dev/mqueue
tmpfs dev/shm mode=1777
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
for port in sys/class/virtio-ports/*; do ln -s "/dev/\${port##*/}" "dev/virtio-ports/$(cat "$port/name")"; done
tmpfs run mode=0755
tmpfs tmp mode=1777
# Docker's overlay2 does not work on an overlay.
tmpfs var/lib/docker mode=0711
# The one thing that outlives a power cut.
mkdir -p var/lib/firebreak
must mount -t ext4 -o noatime dev/vda var/lib/firebreak
must mount -t cgroup2 cgroup2 sys/fs/cgroup
mkdir sys/fs/cgroup/init
echo 1 >sys/fs/cgroup/init/cgroup.procs || fail 'cgroups'
for controller in $(cat sys/fs/cgroup/cgroup.controllers); do echo "+$controller" >sys/fs/cgroup/cgroup.subtree_control; done
mount -t bpf bpf sys/fs/bpf
mount -t tracefs tracefs sys/kernel/tracing

echo "$KEEP" | while read -r directory; do
  [ -n "$directory" ] || continue
  mkdir -p "/root$directory"
  must mount --bind "/machine$directory" "/root$directory"
done
mkdir -p "lib/modules/$RELEASE"
must mount --bind "/machine$MODULES" "lib/modules/$RELEASE"

mkdir -p run/lock run/sshd run/netns run/firebreak/sshd
must mount --bind "/machine$SSHD" run/firebreak/sshd
must cp -R /firebreak/. run/firebreak/
must cp /bin/busybox run/firebreak/busybox
ln -s busybox run/firebreak/init
grep -q '^sshd:' etc/passwd || echo 'sshd:x:99:65534::/run/sshd:/usr/sbin/nologin' >>etc/passwd
# A locked root can't log in by key either, and its shell might not speak POSIX.
sed -i 's|^\\(root:.*\\):[^:]*$|\\1:/bin/sh|' etc/passwd
[ ! -f etc/shadow ] || sed -i 's|^root:[^:]*:|root:*:|' etc/shadow
echo '::respawn:/run/firebreak/serve' >etc/inittab
hostname "$HOSTNAME"
echo "$HOSTNAME" >etc/hostname
ip link set lo up
# As systemd does it: what is mounted becomes visible in the mount namespaces that want it.
must mount --make-rshared /root
exec switch_root /root /run/firebreak/init
fail 'switch_root'
`;

/**
 * One connection. Writing to the port waits until somebody is connected outside; a line before the version is allowed
 * (RFC 4253, 4.2). When sshd ends, init starts this again.
 */
export const SERVE = `#!/run/firebreak/busybox sh
exec <>/dev/virtio-ports/${SSH_PORT} >&0 2>>/run/firebreak/sshd.log
echo firebreak
export LD_LIBRARY_PATH=/run/firebreak/sshd/libraries
exec /run/firebreak/sshd/usr/sbin/sshd -i -f /run/firebreak/sshd_config
`;

/** sshd's configuration: one user, one key, and as little work for each command as can be. @param path the PATH of commands */
export function sshdConfiguration(path: string): string {
  return [
    'HostKey /run/firebreak/host_key',
    'AuthorizedKeysFile /run/firebreak/authorized_keys',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PidFile none',
    'MaxSessions 1000',
    'LoginGraceTime 0',
    'PermitUserRC no',
    'PrintMotd no',
    'PrintLastLog no',
    'X11Forwarding no',
    'LogLevel ERROR',
    `SetEnv "PATH=${path}" LC_ALL=C.UTF-8`,
    '',
  ].join('\n');
}
