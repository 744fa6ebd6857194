import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { cached } from './cached.ts';
import type { Place } from './component.ts';
import { digest } from './digest.ts';
import { fetchPackage, type PinnedPackage, readPackaged } from './npm-package.ts';
import type { Platform } from './platforms.ts';
import { type PackedFile, zip } from './zip.ts';

const Pinned = z.looseObject({ version: z.string(), integrity: z.string() });
const Packages = z.record(z.string(), Pinned);
const Lock = z.looseObject({ packages: z.record(z.string(), z.looseObject({})) });

/** Node, and the addons that a bundle can't hold, for one processor. */
export async function runtimeArtifact(platform: Platform, { root, cacheDirectory }: Place): Promise<Uint8Array> {
  const [node, koffi] = [`node-linux-${platform.npm}`, `@koromix/koffi-linux-${platform.npm}`];
  const packages = Packages.parse(await json(join(root, 'components', 'runtime', 'packages.json')));
  const { packages: locked } = Lock.parse(await json(join(root, 'package-lock.json')));
  const pins = [pin(node, packages[node]), pin(koffi, locked[`node_modules/${koffi}`])] as const;
  const installed = await installedFiles(platform, root);
  const digests = Object.entries(installed).map(([path, { bytes }]) => [path, digest(bytes, 'hex')]);
  return await cached(cacheDirectory, [pins, digests], async () => {
    const [nodeTarball, koffiTarball] = [
      await fetchPackage(pins[0], cacheDirectory),
      await fetchPackage(pins[1], cacheDirectory),
    ];
    const place = `node_modules/${koffi}`;
    const addon = `linux_${platform.npm}/koffi.node`;
    return zip({
      ...installed,
      node: { bytes: await readPackaged(nodeTarball, 'bin/node'), executable: true },
      'LICENSE.node': { bytes: await readPackaged(nodeTarball, 'LICENSE') },
      [`${place}/package.json`]: { bytes: await readPackaged(koffiTarball, 'package.json') },
      [`${place}/index.js`]: { bytes: await readPackaged(koffiTarball, 'index.js') },
      [`${place}/${addon}`]: { bytes: await readPackaged(koffiTarball, addon) },
    });
  });
}

/** What `npm ci` installs for every processor. */
async function installedFiles(platform: Platform, root: string): Promise<Readonly<Record<string, PackedFile>>> {
  const modules = join(root, 'node_modules');
  const koffi = ['package.json', 'index.cjs', 'src/koffi/index.cjs', 'src/koffi/src/static.cjs', 'LICENSE.txt'];
  const paths: Readonly<Record<string, string>> = {
    run: join(root, 'components', 'runtime', 'run'),
    'aws-crt-nodejs.node': join(
      modules,
      'aws-crt',
      'dist',
      'bin',
      `linux-${platform.npm}-glibc`,
      'aws-crt-nodejs.node',
    ),
    ...Object.fromEntries(koffi.map((path) => [`node_modules/koffi/${path}`, join(modules, 'koffi', path)])),
  };
  const files = Object.entries(paths).map(
    async ([path, file]) => [path, { bytes: await readFile(file), executable: path === 'run' }] as const,
  );
  return Object.fromEntries(await Promise.all(files));
}

function pin(name: string, found: unknown): PinnedPackage {
  const { version, integrity } = Pinned.parse(found, { error: () => `${name} is not pinned` });
  return { name, version, integrity };
}

const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'));
