import * as z from 'zod/mini';
import { run } from '../host/run.ts';

const Manifest = z.array(z.looseObject({ RepoTags: z.nullish(z.array(z.string())) }));

/**
 * The reference under which the archive's image will be known once it is loaded: firebreak-router:<content>.
 * @param archive of the router's image, as `docker save` writes it
 * @throws Error
 */
export async function routerImageIn(archive: string): Promise<string> {
  const tag = await firstTag(archive);
  if (tag === undefined) throw new Error(`${archive} holds no tagged image`);
  return tag;
}

async function firstTag(archive: string): Promise<string | undefined> {
  try {
    return Manifest.parse(JSON.parse(await run(['tar', '-xOf', archive, 'manifest.json'])))[0]?.RepoTags?.[0];
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${archive} can't be read as an image archive: ${why}`, { cause });
  }
}
