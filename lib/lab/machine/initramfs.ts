import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CpioEntry, cpio } from './cpio.ts';
import type { GuestFiles } from './guest-files.ts';
import { APPLETS, INIT, SERVE, settings, sshdConfiguration } from './guest-init.ts';
import { loadOrder } from './modules.ts';

/** What the file systems, the ssh port and the random numbers need; everything else is loaded when it is used. */
const MODULES = [
  'virtio_pci',
  'virtio_console',
  'virtio-rng',
  'virtiofs',
  'overlay',
  'virtio_blk',
  'crc32c_generic',
  'ext4',
];

/** The VM's first file system, with this lab's keys. Uncompressed: unpacking is slower than copying under emulation. */
export async function initramfs(
  files: GuestFiles,
  guest: {
    readonly hostname: string;
    readonly path: string;
    readonly hostKey: string;
    readonly authorizedKey: string;
    readonly keep: readonly string[];
  },
): Promise<Buffer> {
  const [dependencies, builtin] = await Promise.all(
    ['modules.dep', 'modules.builtin'].map((name) => readFile(join(files.modules, name), 'utf8')),
  );
  const load = loadOrder(dependencies ?? '', builtin ?? '', MODULES);
  const modules = await Promise.all(
    load.map(async (path) => ({
      path: `modules/${path}`,
      content: await readFile(join(files.modules, path)),
      mode: 0o644,
    })),
  );
  const entries: readonly CpioEntry[] = [
    { path: 'init', content: INIT, mode: 0o755 },
    { path: 'bin/busybox', content: await readFile(files.busybox), mode: 0o755 },
    ...APPLETS.map((name) => ({ path: `bin/${name}`, target: 'busybox' })),
    ...modules,
    {
      path: 'firebreak/settings',
      content: settings({ ...guest, load, release: files.release, modules: files.modules, sshd: files.sshd }),
      mode: 0o644,
    },
    { path: 'firebreak/serve', content: SERVE, mode: 0o755 },
    { path: 'firebreak/sshd_config', content: sshdConfiguration(guest.path), mode: 0o644 },
    { path: 'firebreak/host_key', content: guest.hostKey, mode: 0o600 },
    { path: 'firebreak/authorized_keys', content: guest.authorizedKey, mode: 0o600 },
  ];
  return cpio(entries);
}
