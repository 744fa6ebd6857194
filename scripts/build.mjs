// Bundles the command line, with what a bundle can't hold (native addons) beside it: build/firebreak is what a truck gets. And the lab's own processes.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'build', 'firebreak');

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const bundled = {
  absWorkingDir: root,
  bundle: true,
  // Less to read and to parse: on a Raspberry Pi that is most of a command's time.
  minify: true,
  keepNames: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['koffi'],
  logLevel: 'warning',
};
// The clients of the cloud lie beside it, and are loaded when an operator asks for them: no truck gets them.
const operatorPart = {
  name: 'operator-part',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/(mqtt|rest|aws)-cloud\.ts$/ }, ({ path, kind }) =>
      kind === 'dynamic-import' ? { path: `../operator/${path.slice(2, -3)}.js`, external: true } : undefined,
    ),
};
await build({
  ...bundled,
  entryPoints: { bundle: 'bin/main.ts', watch: 'bin/watch.ts' },
  outdir: out,
  plugins: [operatorPart],
  // The launcher's script has no way to import, but it can require.
  supported: { 'dynamic-import': false },
});
await build({
  ...bundled,
  entryPoints: ['lib/cli/truck/mqtt-cloud.ts', 'lib/cli/truck/rest-cloud.ts', 'lib/cli/fleet/aws-cloud.ts'],
  entryNames: '[name]',
  outdir: join(root, 'build', 'operator'),
});
// What bench and lab tests send probes with while something changes, the lab's cloud, its Greengrass, and simulated trucks; no real truck gets them.
const processes = { flood: 'flood', cloud: 'cloud', greengrass: 'greengrass', simulator: 'fleet' };
for (const [name, room] of Object.entries(processes)) {
  await build({
    ...bundled,
    entryPoints: [`lib/lab/${room}/process.ts`],
    outfile: join(root, 'build', name, `${name}.cjs`),
  });
}
cpSync(join(root, 'scripts', 'launcher.cjs'), join(out, 'firebreak.cjs'));
cpSync(join(root, 'components', 'router', 'root'), join(out, 'router'), { recursive: true });
for (const name of ['koffi', '@koromix']) {
  cpSync(join(root, 'node_modules', name), join(out, 'node_modules', name), {
    recursive: true,
    filter: (path) => !/\/koffi\/(doc|lib|vendor)(\/|$)|musl_/.test(path),
  });
}
// All commands first, then what most of them do; each adds to what is kept.
for (const argv of [['--help'], ['policy', 'check', join(root, 'examples', 'station.yaml')], ['watch', '--help']]) {
  execFileSync(process.execPath, [join(out, 'firebreak.cjs'), ...argv], {
    env: { ...process.env, FIREBREAK_KEEP_COMPILED: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
