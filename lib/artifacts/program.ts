import { build } from 'esbuild';
import type { Place } from './component.ts';
import { zip } from './zip.ts';

/**
 * A component's own programs, each one file of JavaScript, the same for every processor: what is native comes with the runtime. They run
 * with the runtime's Node, and with Node 20 in tests.
 * @param entryPoints file name without .js → source, from the project's root
 */
export async function programArtifact(
  entryPoints: Readonly<Record<string, string>>,
  { root }: Place,
): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { ...entryPoints },
    outdir: 'out',
    write: false,
    bundle: true,
    minify: true,
    keepNames: true,
    legalComments: 'none',
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['koffi'],
    logLevel: 'warning',
  });
  const files = outputFiles.map(({ path, contents }) => [path.slice(path.lastIndexOf('/') + 1), { bytes: contents }]);
  return zip(Object.fromEntries(files));
}
