import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultCacheDirectory } from '../../components/router/cache-directory.ts';
import { buildComponents } from './build.ts';
import { PLATFORMS } from './platforms.ts';

/** `build-components [--out DIRECTORY] [--architecture amd64|arm64]`: builds, and says what came of it. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string' }, architecture: { type: 'string' } } });
  const platforms = PLATFORMS.filter(({ debian }) => (values.architecture ?? debian) === debian);
  if (platforms.length === 0) throw new Error(`--architecture is amd64 or arm64, not ${values.architecture}`);
  const root = process.cwd();
  const out = values.out ?? join(root, 'build', 'components');
  const components = await buildComponents(out, { root, cacheDirectory: defaultCacheDirectory() }, platforms);
  for (const { name, version, artifacts } of components) {
    console.log(`${name} ${version}`);
    for (const { path, bytes } of artifacts) console.log(`  ${path} ${(bytes / 1024).toFixed(0)} KiB`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
