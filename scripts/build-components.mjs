// Builds what Greengrass brings to trucks into build/components: recipes and artifacts. Arguments: --out DIRECTORY, --architecture NAME.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const builder = join(root, 'build', 'components-builder.cjs');
await build({
  absWorkingDir: root,
  entryPoints: ['lib/artifacts/main.ts'],
  outfile: builder,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['esbuild', 'koffi'],
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, [builder, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
