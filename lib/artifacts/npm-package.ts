import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../components/host/run.ts';

/** A package of npm's registry, and what it must be to the byte (Subresource Integrity, as in package-lock.json). */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/**
 * Fetches a package for whichever processor, which `npm ci` would only do for this machine's; what the cache has is not fetched again.
 * @returns path of the tarball
 * @throws CommandError with what npm said; Error when the registry gives other bytes than those pinned.
 */
export async function fetchPackage(pinned: PinnedPackage, cacheDirectory: string): Promise<string> {
  const { name, version } = pinned;
  const directory = join(cacheDirectory, 'npm');
  const file = `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
  const tarball = join(directory, file);
  const cached = await readFile(tarball).catch(() => undefined);
  if (cached !== undefined && isPinned(cached, pinned)) return tarball;
  await mkdir(directory, { recursive: true });
  const making = await mkdtemp(join(directory, 'fetching-'));
  try {
    const argv = ['npm', 'pack', '--silent', '--pack-destination', making, `${name}@${version}`];
    await run(argv, { timeoutMs: 600_000 });
    const fetched = join(making, file);
    if (!isPinned(await readFile(fetched), pinned)) {
      throw new Error(`${name} ${version} from npm's registry is not what is pinned (${pinned.integrity})`);
    }
    await rename(fetched, tarball);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return tarball;
}

/** One file of a package, e.g. bin/node. */
export async function readPackaged(tarball: string, path: string): Promise<Uint8Array> {
  const making = await mkdtemp(`${tarball}.unpacking-`);
  try {
    await run(['tar', '-xzf', tarball, '-C', making, `package/${path}`], { timeoutMs: 120_000 });
    return await readFile(join(making, 'package', path));
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

function isPinned(bytes: Uint8Array, { integrity }: PinnedPackage): boolean {
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}` === integrity;
}
