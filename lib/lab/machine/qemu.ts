import type { Architecture } from '../../../components/router/debian.ts';
import { FILE_SYSTEM_TAG, SSH_PORT } from './guest-init.ts';

/** Software emulation, which runs everywhere, or the processor's help. */
export type Accelerator = 'tcg' | 'kvm';

/** `emulated`: which processor is emulated. Without AVX, which costs more to emulate than it saves, commands take 13 % less time than as `max`. */
const KINDS = {
  amd64: {
    ...{ program: 'qemu-system-x86_64', machine: 'q35', console: 'ttyS0', package: 'qemu-system-x86' },
    emulated: 'Nehalem',
    // It waits for the timer's ticks in a busy loop, and panics where this machine is too busy to emulate them meanwhile.
    append: ['no_timer_check'],
  },
  arm64: {
    ...{ program: 'qemu-system-aarch64', machine: 'virt', console: 'ttyAMA0', package: 'qemu-system-arm' },
    emulated: 'max',
    append: [],
  },
} as const satisfies Record<Architecture, unknown>;

/** The Debian package with QEMU for this architecture. */
export function qemuPackage(architecture: Architecture): string {
  return KINDS[architecture].package;
}

export interface QemuOptions {
  readonly architecture: Architecture;
  readonly accelerator: Accelerator;
  readonly kernel: string;
  readonly initramfs: string;
  /** File that gets what the kernel says. */
  readonly console: string;
  /** Image of a disk, written as a disk writes: what the VM has not flushed is lost when its power is cut. */
  readonly disk?: string;
  readonly memoryMb: number;
  readonly cpus: number;
  /** More words for the kernel. */
  readonly append?: readonly string[];
  /** Unix sockets: virtiofsd's, and the one to reach sshd by. Without them there is neither. */
  readonly sockets?: { readonly files: string; readonly ssh: string };
}

/** QEMU's command line: a machine with a console, random numbers, a disk, files and one serial port, and no network card at all. */
export function qemu(options: QemuOptions): readonly string[] {
  const kind = KINDS[options.architecture];
  const { accelerator, disk, sockets } = options;
  const append = [
    `console=${kind.console}`,
    'quiet',
    'panic=-1',
    'mitigations=off',
    'random.trust_cpu=on',
    // Waiting for grace periods dominates the removal of links and namespaces.
    'rcupdate.rcu_expedited=1',
    ...kind.append,
    ...(options.append ?? []),
  ];
  return [
    kind.program,
    ...['-nodefaults', '-no-user-config', '-nographic', '-no-reboot', '-nic', 'none'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-M', `${kind.machine},memory-backend=memory`],
    // virtiofsd reads and writes the VM's memory.
    ...['-object', `memory-backend-memfd,id=memory,size=${options.memoryMb}M,share=on`, '-m', `${options.memoryMb}`],
    ...[
      '-accel',
      accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi',
      '-cpu',
      accelerator === 'kvm' ? 'host' : kind.emulated,
    ],
    ...['-smp', `${options.cpus}`],
    ...['-kernel', options.kernel, '-initrd', options.initramfs, '-append', append.join(' ')],
    ...['-chardev', `file,id=console,path=${value(options.console)}`, '-serial', 'chardev:console'],
    ...['-object', 'rng-random,id=random,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=random'],
    ...(disk === undefined
      ? []
      : [
          ...['-drive', `file=${value(disk)},format=raw,if=none,id=disk,cache=writeback,discard=unmap`],
          ...['-device', 'virtio-blk-pci,drive=disk'],
        ]),
    ...(sockets === undefined
      ? []
      : [
          ...['-chardev', `socket,id=files,path=${value(sockets.files)}`],
          ...['-device', `vhost-user-fs-pci,queue-size=1024,chardev=files,tag=${FILE_SYSTEM_TAG}`],
          ...[
            '-device',
            'virtio-serial-pci',
            '-chardev',
            `socket,id=ssh,path=${value(sockets.ssh)},server=on,wait=off`,
          ],
          ...['-device', `virtserialport,chardev=ssh,name=${SSH_PORT}`],
        ]),
  ];
}

/** A comma separates QEMU's options. */
function value(path: string): string {
  return path.replaceAll(',', ',,');
}
