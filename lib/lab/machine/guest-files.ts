import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { readIfExists } from '../../../components/host/files.ts';
import { run } from '../../../components/host/run.ts';
import { type Architecture, fetchPackages, unpack } from '../../../components/router/debian.ts';

/** What the VM needs and the machine has not installed: downloaded and unpacked into the cache, never installed. */
export interface GuestFiles {
  /** The cache's directory of all of this. */
  readonly directory: string;
  /** As uname -r says it, e.g. 6.1.0-56-cloud-amd64. */
  readonly release: string;
  readonly kernel: string;
  /** …/lib/modules/RELEASE with modules.dep. */
  readonly modules: string;
  /** A root with usr/sbin/sshd and the libraries which the machine may lack. */
  readonly sshd: string;
  /** Static, so that it runs before there is a root file system. */
  readonly busybox: string;
  /** Program and arguments of netcat, to be followed by its own. */
  readonly netcat: readonly string[];
}

/** Changes when what is prepared changes. */
const RECIPE = 1;
const MANIFEST = 'manifest.json';
const manifest = z.object({ release: z.string() });

/** Packages that become parts of the VM. netcat connects ssh to a unix socket. */
const SSHD_PACKAGES = ['openssh-server', 'libwrap0', 'libaudit1', 'libcap-ng0'];
const TOOL_PACKAGES = ['busybox-static', 'netcat-openbsd', 'libbsd0', 'libmd0'];

/**
 * Prepares them in the cache, unless they are there. Removing the cache gets a newer kernel.
 * @throws Error when a package can't be had, or when sshd would lack a library.
 */
export async function prepareGuestFiles(options: {
  readonly architecture: Architecture;
  readonly cacheDirectory: string;
  readonly onProgress: (message: string) => void;
}): Promise<GuestFiles> {
  const { architecture, cacheDirectory } = options;
  const directory = join(cacheDirectory, `machine-${RECIPE}-${architecture}`);
  const known = await readIfExists(join(directory, MANIFEST));
  if (known !== null) return describe(directory, manifest.parse(JSON.parse(known)).release);
  options.onProgress(`downloading Debian's kernel and sshd to ${cacheDirectory} (30 MB, nothing is installed)`);
  // Complete or not at all: it is renamed when everything is there.
  const making = `${directory}.${process.pid}`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true });
  try {
    const release = await makeFiles(making, architecture, cacheDirectory);
    await writeFile(join(making, MANIFEST), JSON.stringify({ release } satisfies z.infer<typeof manifest>));
    await rm(directory, { recursive: true, force: true });
    await rename(making, directory);
    return describe(directory, release);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

function describe(directory: string, release: string): GuestFiles {
  const tools = join(directory, 'tools');
  return {
    directory,
    release,
    kernel: join(directory, 'kernel', 'boot', `vmlinuz-${release}`),
    modules: join(directory, 'kernel', 'lib', 'modules', release),
    sshd: join(directory, 'sshd'),
    busybox: join(tools, 'bin', 'busybox'),
    netcat: ['env', `LD_LIBRARY_PATH=${join(tools, 'libraries')}`, join(tools, 'bin', 'nc.openbsd')],
  };
}

async function makeFiles(directory: string, architecture: Architecture, cacheDirectory: string): Promise<string> {
  const fetch = (packages: readonly string[]) => fetchPackages({ packages, architecture, cacheDirectory });
  const unpackAll = async (packages: readonly string[], into: string) => {
    for (const { file } of await fetch(packages)) await unpack(file, join(directory, into));
  };
  await unpackAll([await kernelPackage(fetch, architecture)], 'kernel');
  const [release] = await readdir(join(directory, 'kernel', 'lib', 'modules'));
  if (release === undefined) throw new Error('the kernel package holds no modules');
  await run(['depmod', '--basedir', join(directory, 'kernel'), release], { timeoutMs: 120_000 });

  await unpackAll(SSHD_PACKAGES, 'sshd');
  await collectLibraries(join(directory, 'sshd'));
  const missing = await missingLibraries(
    join(directory, 'sshd', 'usr', 'sbin', 'sshd'),
    join(directory, 'sshd', 'libraries'),
  );
  if (missing.length > 0) throw new Error(`sshd needs ${missing.join(', ')}, which this machine has not`);

  await unpackAll(TOOL_PACKAGES, 'tools');
  await collectLibraries(join(directory, 'tools'));
  return release;
}

/** linux-image-cloud-… only depends on the kernel of the day. */
async function kernelPackage(
  fetch: (packages: readonly string[]) => ReturnType<typeof fetchPackages>,
  architecture: Architecture,
): Promise<string> {
  const [meta] = await fetch([`linux-image-cloud-${architecture}`]);
  const depends = meta === undefined ? '' : await run(['dpkg-deb', '--field', meta.file, 'Depends']);
  const name = /linux-image-[\w.+-]+/.exec(depends)?.[0];
  if (name === undefined) throw new Error(`linux-image-cloud-${architecture} depends on no kernel but on: ${depends}`);
  return name;
}

/** Puts the libraries of an unpacked root into one directory, whichever of lib and usr/lib/TRIPLET they came in. */
async function collectLibraries(root: string): Promise<void> {
  const into = join(root, 'libraries');
  await mkdir(into);
  const all = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of all) {
    if (/\.so\.\d/.test(entry.name) && entry.parentPath !== into) {
      await rename(join(entry.parentPath, entry.name), join(into, entry.name));
    }
  }
}

async function missingLibraries(program: string, libraries: string): Promise<readonly string[]> {
  const said = await run(['env', `LD_LIBRARY_PATH=${libraries}`, 'ldd', program]);
  return [...said.matchAll(/^\s*(\S+) => not found$/gm)].map(([, name]) => name ?? '');
}
