import { mkdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, run } from '../host/run.ts';

/** Debian's names of the processors that are supported. */
export type Architecture = 'amd64' | 'arm64';

/** A downloaded package. apt has checked its hash against the signed lists. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Path of the .deb. */
  readonly file: string;
}

/** This machine's architecture. @throws Error when it is no Debian, or one on a processor that is not supported. */
export async function nativeArchitecture(): Promise<Architecture> {
  const name = (await debianTool(['dpkg', '--print-architecture'])).trim();
  if (name !== 'amd64' && name !== 'arm64') throw new Error(`${name} is not supported yet, only amd64 and arm64 are`);
  return name;
}

/**
 * Downloads packages with apt's own trust and sources, but installs nothing. What is in the cache already is not downloaded again.
 * For another architecture than the machine's, apt works in directories of its own in the cache: its configuration isn't touched.
 * @throws CommandError with what apt said, e.g. about a package that no source has.
 */
export async function fetchPackages(options: {
  readonly packages: readonly string[];
  readonly architecture: Architecture;
  readonly cacheDirectory: string;
}): Promise<readonly DebianPackage[]> {
  const apt = await openApt(options.architecture, options.cacheDirectory);
  const directory = join(options.cacheDirectory, 'packages');
  await mkdir(directory, { recursive: true });
  const download = async () => {
    const found = await resolve(apt, options.packages);
    const missing: string[] = [];
    for (const { file, name, version, bytes } of found) {
      if ((await sizeOf(join(directory, file))) !== bytes) missing.push(`${name}=${version}`);
    }
    if (missing.length > 0) {
      // Downloads go to the working directory.
      const argv = ['env', '-C', directory, ...apt.command, 'download', ...missing];
      await debianTool(argv, 600_000);
    }
    return found.map(({ name, version, architecture, file }) => ({
      name,
      version,
      architecture,
      file: join(directory, file),
    }));
  };
  try {
    return await download();
  } catch (error) {
    // The lists are missing (a fresh container has none) or older than the archive.
    if (!(error instanceof CommandError)) throw error;
    await apt.update();
    return await download();
  }
}

/** Unpacks a package without running anything of it (dpkg-deb(1)). */
export async function unpack(file: string, directory: string): Promise<void> {
  await debianTool(['dpkg-deb', '--extract', file, directory], 120_000);
}

interface Apt {
  readonly command: readonly string[];
  update(): Promise<void>;
}

async function openApt(architecture: Architecture, cacheDirectory: string): Promise<Apt> {
  if (architecture === (await nativeArchitecture())) {
    const command = ['apt-get', '--quiet'];
    return { command, update: () => update(command) };
  }
  const base = join(cacheDirectory, 'apt', architecture);
  const status = join(base, 'status');
  const stamp = join(base, 'updated');
  for (const part of ['state/lists/partial', 'cache/archives/partial'])
    await mkdir(join(base, part), { recursive: true });
  await writeFile(status, '');
  const settings = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures::=${architecture}`,
    `Dir::State=${join(base, 'state')}`,
    `Dir::State::status=${status}`,
    `Dir::Cache=${join(base, 'cache')}`,
    'Acquire::Languages=none',
  ];
  const command = ['apt-get', '--quiet', ...settings.flatMap((setting) => ['-o', setting])];
  const refresh = async () => {
    await update(command);
    await writeFile(stamp, '');
    await utimes(stamp, new Date(), new Date());
  };
  const age = Date.now() - ((await modified(stamp)) ?? 0);
  if (age > 24 * 3600 * 1000) await refresh();
  return { command, update: refresh };
}

async function update(command: readonly string[]): Promise<void> {
  await debianTool([...command, 'update'], 600_000);
}

interface Found {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly file: string;
  readonly bytes: number;
}

async function resolve(apt: Apt, packages: readonly string[]): Promise<readonly Found[]> {
  return parseUris(await debianTool([...apt.command, 'download', '--print-uris', ...packages]));
}

/** What `apt-get download --print-uris` says: one line `'URI' FILE BYTES HASH` for each package. */
export function parseUris(text: string): readonly Found[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith("'"))
    .map((line) => {
      const [, file, bytes] = line.split(' ');
      const parts = /^(?<name>[^_]+)_(?<version>[^_]+)_(?<architecture>[^_]+)\.deb$/.exec(file ?? '')?.groups;
      if (file === undefined || bytes === undefined || parts === undefined) throw new Error(`apt-get said: ${line}`);
      const { name = '', version = '', architecture = '' } = parts;
      return { name, version: decodeURIComponent(version), architecture, file, bytes: Number(bytes) };
    });
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await statIfExists(path))?.size;
}

async function modified(path: string): Promise<number | undefined> {
  return (await statIfExists(path))?.mtimeMs;
}

async function statIfExists(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  return await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

async function debianTool(argv: readonly string[], timeoutMs?: number): Promise<string> {
  try {
    return await run(argv, timeoutMs === undefined ? {} : { timeoutMs });
  } catch (error) {
    if (error instanceof CommandError && error.exitCode === undefined && isMissing(error.cause)) {
      throw new Error(`${argv[0]} is not here: this needs a Debian, or one of its relatives`, { cause: error });
    }
    throw error;
  }
}

function isMissing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
}
