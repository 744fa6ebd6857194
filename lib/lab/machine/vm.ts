import { access, readFile, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultCacheDirectory } from '../../../components/router/cache-directory.ts';
import { nativeArchitecture } from '../../../components/router/debian.ts';
import { findAccelerator } from './accelerator.ts';
import { type Background, startInBackground } from './background.ts';
import { diskOf, makeDisk } from './disk.ts';
import { prepareGuestFiles } from './guest-files.ts';
import { initramfs } from './initramfs.ts';
import type { Machine } from './machine.ts';
import { isAlive, type ProcessIdentity, stopProcess } from './process-identity.ts';
import { type Accelerator, qemu } from './qemu.ts';
import { isWithin, sharedMounts } from './shared-mounts.ts';
import { makeKeys, sshMachine, sshMaster, writeSshConfiguration } from './ssh.ts';
import { requireVirtiofsd, virtiofsd } from './virtiofs.ts';
import {
  lastWords,
  makeVmDirectory,
  readState,
  removeVmDirectory,
  socketsIn,
  type VmDirectory,
  type VmState,
  vmDirectory,
  writeState,
} from './vm-directory.ts';

export interface BootOptions {
  /** Gets one line for each thing that takes a while. */
  readonly onProgress?: (message: string) => void;
  /** Ends the boot and removes what it made. */
  readonly signal?: AbortSignal;
  /** Memory in MiB, default 3072: files that change inside live in it. It is taken when it is used. */
  readonly memoryMb?: number;
  /** Default 2. */
  readonly cpus?: number;
  /** Default `auto`: KVM, if a kernel really boots with it. */
  readonly accel?: Accelerator | 'auto';
  /** Default: defaultCacheDirectory(). */
  readonly cacheDirectory?: string;
  /** Default `new`; `kept`: as the VM that was here before left it. */
  readonly disk?: 'new' | 'kept';
}

/** Milliseconds until the VM has to answer. Measured: 6 s under emulation on two slow cores. */
const BOOT_DEADLINE_MS = 180_000;
/** The machine's directories that the VM has its own of: what is needed in there is bound into the VM's. */
const HIDDEN = ['/tmp', '/run', '/dev', '/var/lib/docker', '/var/lib/firebreak'];

/**
 * Boots Debian's kernel in QEMU, with this machine's files under the same paths: read-only below, changes stay in the VM's memory.
 * The VM has no network card and runs nothing but sshd, which is reached over a virtual serial port. It outlives this process.
 *
 * The VM reads a file of the machine once: what the machine changes afterwards, the VM may not see until it is booted again.
 * @param labDirectory gets a directory `vm` with everything that belongs to the VM
 * @throws Error when it is not root, a VM is here already, something is missing, or the VM does not answer; with the console's last lines.
 */
export async function bootVm(labDirectory: string, options: BootOptions = {}): Promise<Machine> {
  if (process.getuid?.() !== 0) throw new Error("the lab's VM reads this machine's files as root: run this as root");
  const directory = vmDirectory(labDirectory);
  const old = await readState(directory);
  if (old?.processes.qemu !== undefined && (await isAlive(old.processes.qemu))) {
    throw new Error(`a VM is running in ${directory.path} already: use it, or stop it first`);
  }
  // Remains of one that died.
  await stopVm(labDirectory);
  const disk = diskOf(labDirectory);
  try {
    if (options.disk !== 'kept') await makeDisk(disk);
    return await boot(directory, disk, options);
  } catch (error) {
    await stopVm(labDirectory);
    throw error;
  }
}

/** The VM of a lab that was booted by some process. @throws Error when none is running there. */
export async function openVm(labDirectory: string): Promise<Machine> {
  const directory = vmDirectory(labDirectory);
  const state = await readState(directory);
  if (state === undefined) throw new Error(`there is no VM in ${directory.path}: boot one first`);
  const reason = await whyGone(directory, state);
  if (reason !== undefined) throw new Error(reason);
  if (state.processes.ssh === undefined || !(await isAlive(state.processes.ssh))) await connect(directory, state, {});
  return machineOf(directory, state);
}

/** Ends the VM of a lab, which is not told of it (QEMU on SIGTERM), and removes what belongs to it but its disk. Nothing is done where there is none. Only processes that were written down are ended. */
export async function stopVm(labDirectory: string): Promise<void> {
  const directory = vmDirectory(labDirectory);
  const state = await readState(directory);
  const { ssh, qemu, files } = state?.processes ?? {};
  // virtiofsd last: QEMU complains when its files go.
  for (const identity of [ssh, qemu, files]) if (identity !== undefined) await stopProcess(identity);
  await removeVmDirectory(directory, state?.sockets);
}

async function boot(directory: VmDirectory, disk: string, options: BootOptions): Promise<Machine> {
  const onProgress = options.onProgress ?? (() => {});
  const { signal, memoryMb = 3072, cpus = 2, accel = 'auto', cacheDirectory = defaultCacheDirectory() } = options;
  const architecture = await nativeArchitecture();
  await requireVirtiofsd();
  const guest = await prepareGuestFiles({ architecture, cacheDirectory, onProgress });
  signal?.throwIfAborted();

  const socketDirectory = await makeVmDirectory(directory);
  const sockets = socketsIn(socketDirectory);
  const keys = await makeKeys(directory);
  await writeSshConfiguration(directory, sockets, guest.netcat);
  const needed = await Promise.all(
    [cacheDirectory, process.cwd(), dirname(process.execPath)].map((path) => realpath(path)),
  );
  const image = await initramfs(guest, {
    ...keys,
    hostname: hostnameOf(directory),
    path: commandPath(process.env.PATH ?? ''),
    keep: needed.filter((path) => HIDDEN.some((hidden) => isWithin(hidden, path))),
  });
  await writeFile(directory.initramfs, image, { mode: 0o600 });
  const accelerator =
    accel === 'auto'
      ? await findAccelerator({ architecture, cacheDirectory, kernel: guest.kernel, initramfs: image, onProgress })
      : accel;
  signal?.throwIfAborted();

  onProgress(
    accelerator === 'kvm' ? "booting Debian's kernel with KVM" : "booting Debian's kernel by software emulation",
  );
  const state: VmState = { version: 1, accelerator, sockets: socketDirectory, processes: {} };
  const start = async (name: keyof VmState['processes'], argv: readonly string[]): Promise<Background> => {
    const background = await startInBackground(argv, directory.log);
    state.processes[name] = background.identity;
    await writeState(directory, state);
    return background;
  };
  await writeState(directory, state);
  const mounts = sharedMounts(await readFile('/proc/self/mountinfo', 'utf8'), needed);
  const files = await start('files', virtiofsd({ mounts, root: directory.root, socket: sockets.files }));
  await appears(sockets.files, directory, signal, { virtiofsd: files });
  const vm = await start(
    'qemu',
    qemu({
      ...{ architecture, accelerator, memoryMb, cpus, sockets },
      ...{ kernel: guest.kernel, initramfs: directory.initramfs, console: directory.console, disk },
    }),
  );
  await appears(sockets.ssh, directory, signal, { QEMU: vm, virtiofsd: files });
  await connect(directory, state, { signal, others: { QEMU: vm, virtiofsd: files } });
  return machineOf(directory, state);
}

/** Opens the one ssh connection, which waits until sshd answers. */
async function connect(
  directory: VmDirectory,
  state: VmState,
  {
    signal,
    others = {},
  }: { readonly signal?: AbortSignal | undefined; readonly others?: Readonly<Record<string, Background>> },
): Promise<void> {
  const ssh = await startInBackground(sshMaster(directory), directory.log);
  state.processes.ssh = ssh.identity;
  await writeState(directory, state);
  await appears(socketsIn(state.sockets).control, directory, signal, { ssh, ...others });
}

/** Waits for a socket, as long as the processes live that are to make it. */
async function appears(
  path: string,
  directory: VmDirectory,
  signal: AbortSignal | undefined,
  processes: Readonly<Record<string, Background>>,
): Promise<void> {
  const endings = Object.entries(processes).map(([name, { ended }]) =>
    ended.then((how) => `${name} ended with ${how}`),
  );
  const deadline = performance.now() + BOOT_DEADLINE_MS;
  while (!(await exists(path))) {
    const ending = await Promise.race([...endings, sleep(20, undefined)]);
    signal?.throwIfAborted();
    const late = performance.now() > deadline ? `no answer within ${BOOT_DEADLINE_MS / 1000} s` : undefined;
    const failure = ending ?? late;
    if (failure !== undefined) throw new Error(`the VM did not start: ${failure}${await lastWords(directory)}`);
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

function machineOf(directory: VmDirectory, state: VmState): Machine {
  return sshMachine(directory, () => whyGone(directory, state));
}

async function whyGone(directory: VmDirectory, state: VmState): Promise<string | undefined> {
  const gone = async (identity: ProcessIdentity | undefined) => identity === undefined || !(await isAlive(identity));
  if (await gone(state.processes.qemu)) return `the VM in ${directory.path} is gone${await lastWords(directory)}`;
  if (await gone(state.processes.files))
    return `the VM in ${directory.path} lost its files${await lastWords(directory)}`;
  return undefined;
}

/** Where commands are found: what this process has, and what root needs. */
function commandPath(path: string): string {
  const own = path.split(':').filter((part) => /^\/[\w@%+=:,./-]*$/.test(part));
  const usual = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return [...new Set([dirname(process.execPath), ...own, ...usual])].join(':');
}

function hostnameOf(directory: VmDirectory): string {
  const lab = basename(dirname(directory.path))
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `firebreak-${lab}`.slice(0, 63).replace(/-+$/, '');
}
