import { nativeArchitecture } from '../../components/router/debian.ts';
import { kernelCapabilities } from './machine/capabilities.ts';
import type { Machine } from './machine/machine.ts';
import { installPackages, missingPackages } from './machine/packages.ts';
import { thisMachine } from './machine/this-machine.ts';
import { bootVm, openVm, stopVm } from './machine/vm.ts';
import { PACKAGES, vmPackages } from './packages.ts';

/** Whose kernel a lab runs on; `auto` takes this machine's if it can do all that kernelCapabilities tries. */
export type LabKernel = 'auto' | Machine['kind'];

export interface PrepareOptions {
  readonly kernel: LabKernel;
  readonly onProgress?: (what: string) => void;
  readonly signal?: AbortSignal;
}

/** Installs the Debian packages that are missing, and says on whose kernel the lab will run. */
export async function prepareLab({ kernel, onProgress }: PrepareOptions): Promise<Machine['kind']> {
  const say = onProgress ?? (() => undefined);
  await provide(PACKAGES, say);
  const kind = kernel === 'auto' ? await choose(say) : kernel;
  if (kind === 'vm') await provide(vmPackages(await nativeArchitecture()), say);
  return kind;
}

/** Gives the machine that the lab's truck will live in, prepared and booted if need be. */
export async function prepareMachine(directory: string, options: PrepareOptions): Promise<Machine> {
  if ((await prepareLab(options)) === 'this-machine') return thisMachine();
  const { onProgress, signal } = options;
  return bootVm(directory, {
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Off and on again: a VM without being told, and with what had reached its disk; this machine not at all. */
export async function restartMachine(directory: string, kind: Machine['kind'], signal?: AbortSignal): Promise<Machine> {
  if (kind === 'this-machine') return thisMachine();
  await stopVm(directory);
  return bootVm(directory, { disk: 'kept', ...(signal === undefined ? {} : { signal }) });
}

export function openMachine(directory: string, kind: Machine['kind']): Promise<Machine> {
  return kind === 'vm' ? openVm(directory) : Promise.resolve(thisMachine());
}

/** Ends the VM, if there is one. */
export function closeMachine(directory: string): Promise<void> {
  return stopVm(directory);
}

async function choose(say: (what: string) => void): Promise<Machine['kind']> {
  const { missing } = await kernelCapabilities();
  if (missing.length === 0) return 'this-machine';
  say(`this machine's kernel lacks ${missing.join(', ')}: Debian's kernel is booted in QEMU`);
  return 'vm';
}

async function provide(packages: readonly string[], say: (what: string) => void): Promise<void> {
  const missing = await missingPackages(packages);
  if (missing.length > 0) await installPackages(missing, { say });
}
