import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage } from '../../components/router/image/build.ts';
import { routerImage } from '../../components/router/router-image.ts';
import { cached } from './cached.ts';
import type { Place } from './component.ts';
import { digest } from './digest.ts';
import type { Platform } from './platforms.ts';
import { zip } from './zip.ts';

/** The router's image as `docker load` takes it, its name, and what loads it. */
export async function routerArtifact(platform: Platform, { root, cacheDirectory }: Place): Promise<Uint8Array> {
  const directory = join(root, 'components', 'router');
  const { archive, tag } = await buildImage(routerImage(platform.debian, join(directory, 'root')), cacheDirectory);
  const [image, load] = [await readFile(archive), await readFile(join(directory, 'load'))];
  return await cached(cacheDirectory, [tag, digest(image, 'hex'), digest(load, 'hex')], async () =>
    zip({ 'image.tar': { bytes: image }, tag: { bytes: Buffer.from(tag) }, load: { bytes: load, executable: true } }),
  );
}
