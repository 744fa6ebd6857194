import * as z from 'zod';
import { run } from '../../components/host/run.ts';
import { EXIT, ExitError } from './exit.ts';
import type { TruckOptions } from './truck-options.ts';

const Manifest = z.array(z.looseObject({ RepoTags: z.array(z.string()).nullish() }));

/** The reference under which the archive's image will be known: firebreak-router:<content>. */
export async function routerImageOf(options: TruckOptions): Promise<string> {
  if (options.routerImage === undefined) {
    throw new ExitError(
      EXIT.badInput,
      "name the router's image: --router-image ARCHIVE or FIREBREAK_ROUTER_IMAGE (firebreak router-image builds it)",
    );
  }
  const tag = await firstTag(options.routerImage);
  if (tag === undefined) throw new ExitError(EXIT.badInput, `${options.routerImage} holds no tagged image`);
  return tag;
}

/** @throws ExitError when it is no archive as `docker save` writes it. */
async function firstTag(archive: string): Promise<string | undefined> {
  try {
    return Manifest.parse(JSON.parse(await run(['tar', '-xOf', archive, 'manifest.json'])))[0]?.RepoTags?.[0];
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ExitError(EXIT.badInput, `${archive} can't be read as an image archive: ${why}`);
  }
}
