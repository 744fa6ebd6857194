import { access, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultCacheDirectory } from '../../../components/router/cache-directory.ts';
import { fetchPackages, nativeArchitecture, unpack } from '../../../components/router/debian.ts';

/** What Node for Linux needs of a system (its ELF header names them). */
const LIBRARIES = ['libc6', 'libstdc++6', 'libgcc-s1'];

/**
 * What is put before a program built for arm64 so that it runs here: QEMU's user-mode emulation with Debian's libraries, from packages that
 * are unpacked and not installed. On an arm64 machine: nothing.
 */
export async function asArm64(): Promise<readonly string[]> {
  if ((await nativeArchitecture()) === 'arm64') return [];
  const cacheDirectory = defaultCacheDirectory();
  const [emulator] = await fetchPackages({ packages: ['qemu-user-static'], architecture: 'amd64', cacheDirectory });
  const libraries = await fetchPackages({ packages: LIBRARIES, architecture: 'arm64', cacheDirectory });
  const key = [emulator, ...libraries].map((found) => `${found?.name}_${found?.version}`.replace(/[^\w.+-]/g, '-'));
  const directory = join(cacheDirectory, 'emulation');
  const kept = join(directory, key.join('_'));
  const argv = [join(kept, 'qemu'), '-L', join(kept, 'root')];
  if (await isThere(kept)) return argv;
  await mkdir(directory, { recursive: true });
  const making = await mkdtemp(join(directory, 'making-'));
  try {
    const [unpacked, made] = [join(making, 'emulator'), join(making, 'made')];
    await mkdir(join(made, 'root'), { recursive: true });
    await unpack(emulator?.file ?? '', unpacked);
    for (const { file } of libraries) await unpack(file, join(made, 'root'));
    await copyFile(join(unpacked, 'usr/bin/qemu-aarch64-static'), join(made, 'qemu'));
    await rename(made, kept);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return argv;
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
