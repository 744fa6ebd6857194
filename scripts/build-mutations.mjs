// Bundles the mutation run as deep as its tests lie, so that they find the examples; koffi it finds in the project's node_modules.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await build({
  absWorkingDir: root,
  entryPoints: ['test/mutations/main.ts'],
  outfile: join(root, 'build', 'test', 'mutations', 'main.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['koffi'],
  logLevel: 'warning',
});
