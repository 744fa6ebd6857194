// Bundles the bench, and its program that looks at a truck from the lab's internet; what they need at run time (koffi) is found in node_modules.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
await build({
  absWorkingDir: root,
  entryPoints: { main: 'bench/main.ts', served: 'bench/served/process.ts' },
  outdir: join(root, 'build', 'bench'),
  entryNames: '[name]',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['koffi'],
  logLevel: 'warning',
});
