import { rm, writeFile } from 'node:fs/promises';
import { CommandError, run } from '../../../components/host/run.ts';

/** Keeps packages from starting services while they are installed (Debian's invoke-rc.d: exit code 101 forbids it). */
const POLICY_RC = '/usr/sbin/policy-rc.d';
const INSTALL_TIMEOUT_MS = 900_000;

/** Those of the packages that are not installed. @throws Error where there is no dpkg. */
export async function missingPackages(packages: readonly string[]): Promise<readonly string[]> {
  const installed = new Set<string>();
  for (const line of (await queryPackages(packages)).split('\n')) {
    const [name, status] = line.split('\t');
    if (name !== undefined && status === 'ii ') installed.add(name);
  }
  return packages.filter((name) => !installed.has(name));
}

/**
 * Installs packages after saying which, without their recommendations and without starting any service.
 * @throws Error that says what to do when this process may not; CommandError with what apt said.
 */
export async function installPackages(
  packages: readonly string[],
  { say }: { readonly say: (what: string) => void },
): Promise<void> {
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0) throw new Error(`Debian packages are missing; install them as root: ${command}`);
  say(`installing Debian packages: ${packages.join(', ')}`);
  const mine = await forbidServices();
  try {
    await apt(['install', '--yes', '--no-install-recommends', ...packages]);
  } catch (error) {
    // The lists are missing (a fresh container has none) or older than the archive.
    if (!(error instanceof CommandError)) throw error;
    say('reading the lists of Debian packages (apt-get update)');
    await apt(['update']);
    await apt(['install', '--yes', '--no-install-recommends', ...packages]);
  } finally {
    if (mine) await rm(POLICY_RC, { force: true });
  }
}

async function apt(args: readonly string[]): Promise<void> {
  await run(['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '--quiet', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    timeoutMs: INSTALL_TIMEOUT_MS,
  });
}

/** @returns whether it was put there: a machine that has one already keeps it. */
async function forbidServices(): Promise<boolean> {
  try {
    await writeFile(POLICY_RC, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** dpkg-query ends with 1 when it doesn't know one of them; what it does know, it says. */
async function queryPackages(packages: readonly string[]): Promise<string> {
  const format = `$\{Package}\t$\{db:Status-Abbrev}\n`;
  const argv = ['sh', '-c', 'dpkg-query --show --showformat="$0" "$@" || [ $? = 1 ]', format, ...packages];
  return await run(argv);
}
