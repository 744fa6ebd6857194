import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { readIfExists } from '../../../components/host/files.ts';
import type { Architecture } from '../../../components/router/debian.ts';
import { startInBackground } from './background.ts';
import { PROBE_ARGUMENT, PROBE_MARKER } from './guest-init.ts';
import { bootId, stopProcess } from './process-identity.ts';
import { type Accelerator, qemu } from './qemu.ts';

/** Milliseconds that a kernel may take to say that it runs. With a working /dev/kvm it takes less than one second. */
const DEADLINE_MS = 10_000;

const answerSchema = z.object({ bootId: z.string(), accelerator: z.enum(['tcg', 'kvm']) });

/**
 * KVM, if a kernel really boots with it: /dev/kvm may open and then hang (nested virtualisation that is not there).
 * The answer is kept until this machine is rebooted.
 */
export async function findAccelerator(options: {
  readonly architecture: Architecture;
  readonly cacheDirectory: string;
  readonly kernel: string;
  readonly initramfs: Buffer;
  readonly onProgress: (message: string) => void;
}): Promise<Accelerator> {
  if (!(await exists('/dev/kvm'))) return 'tcg';
  const file = join(options.cacheDirectory, 'accelerator.json');
  const known = answerSchema.safeParse(JSON.parse((await readIfExists(file)) ?? '{}'));
  const boot = await bootId();
  if (known.success && known.data.bootId === boot) return known.data.accelerator;
  options.onProgress('trying whether KVM works here (up to 10 s, once)');
  const accelerator = (await boots('kvm', options)) ? 'kvm' : 'tcg';
  await mkdir(options.cacheDirectory, { recursive: true });
  await writeFile(file, JSON.stringify({ bootId: boot, accelerator } satisfies z.infer<typeof answerSchema>));
  return accelerator;
}

/** Whether a kernel says within the deadline that it runs. */
export async function boots(
  accelerator: Accelerator,
  options: { readonly architecture: Architecture; readonly kernel: string; readonly initramfs: Buffer },
): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'firebreak-kvm-'));
  try {
    const [console, initramfs] = [join(directory, 'console'), join(directory, 'initramfs')];
    await writeFile(initramfs, options.initramfs);
    const { architecture, kernel } = options;
    const argv = qemu({
      architecture,
      accelerator,
      kernel,
      initramfs,
      console,
      memoryMb: 256,
      cpus: 1,
      append: [PROBE_ARGUMENT],
    });
    const vm = await startInBackground(argv, join(directory, 'log'));
    const ended = vm.ended.then(() => 'ended');
    const deadline = performance.now() + DEADLINE_MS;
    let works = false;
    while (!works && performance.now() < deadline) {
      const last = (await Promise.race([ended, sleep(100)])) === 'ended';
      works = ((await readIfExists(console)) ?? '').includes(PROBE_MARKER);
      if (last) break;
    }
    await stopProcess(vm.identity, 500);
    return works;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
