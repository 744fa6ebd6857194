// What cdk.json starts: builds what trucks get, for all processors, bundles the CDK app, and runs it. `-c components=DIRECTORY` takes what was built before.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'build', 'fleet');
const run = (...argv) => {
  // What is printed on the way is no part of the app's output.
  const { status } = spawnSync(process.execPath, argv, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
};

const { components } = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}');
if (components === undefined)
  run(join('scripts', 'build-components.mjs'), '--out', join('build', 'fleet', 'components'));
await build({
  absWorkingDir: root,
  entryPoints: ['bin/fleet.ts'],
  outfile: join(out, 'fleet.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['aws-cdk-lib', 'constructs', 'cdk-nag'],
  logLevel: 'warning',
});
run(join(out, 'fleet.cjs'));
