import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../../host/run.ts';
import type { Architecture } from '../debian.ts';

/** What an image says about itself and how it is started (OCI image specification, config). */
export interface ImageConfiguration {
  readonly architecture: Architecture;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** Equal content gives equal bytes: names in order, no times, owned by root. */
const DETERMINISTIC = [
  ...['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'],
  '--mode=u=rwX,go=rX',
];

/** Packs an assembled root into a layer, and gives its digest (sha256, hexadecimal). */
export async function packLayer(root: string, layer: string): Promise<string> {
  await run(['tar', ...DETERMINISTIC, '-C', root, '-cf', layer, '.'], { timeoutMs: 120_000 });
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(layer)) hash.update(chunk);
  return hash.digest('hex');
}

/** The configuration's JSON and the image ID, which is its digest. */
export function describeImage(layerDigest: string, configuration: ImageConfiguration) {
  const { architecture, entrypoint, command, labels } = configuration;
  const text = JSON.stringify({
    architecture,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
      ...(command === undefined ? {} : { Cmd: command }),
      ...(labels === undefined ? {} : { Labels: labels }),
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'firebreak' }],
  });
  return { text, id: createHash('sha256').update(text).digest('hex') };
}

/**
 * Writes what `docker load` takes (the format of `docker save`): one image of one layer under any number of names.
 * @param archive is there as a whole or not at all.
 */
export async function writeArchive(
  archive: string,
  image: { readonly layer: string; readonly text: string; readonly id: string; readonly tags: readonly string[] },
): Promise<void> {
  const making = `${archive}.${process.pid}`;
  await mkdir(dirname(archive), { recursive: true });
  await rm(making, { recursive: true, force: true });
  await mkdir(making);
  try {
    const manifest = [{ Config: `${image.id}.json`, RepoTags: image.tags, Layers: ['layer.tar'] }];
    await writeFile(join(making, 'manifest.json'), JSON.stringify(manifest));
    await writeFile(join(making, `${image.id}.json`), image.text);
    await rename(image.layer, join(making, 'layer.tar'));
    const files = ['manifest.json', `${image.id}.json`, 'layer.tar'];
    await run(['tar', ...DETERMINISTIC, '-C', making, '-cf', `${making}.tar`, ...files], { timeoutMs: 120_000 });
    await rename(`${making}.tar`, archive);
  } finally {
    await rm(making, { recursive: true, force: true });
    await rm(`${making}.tar`, { force: true });
  }
}
