import { routerImageIn } from '../../components/network-manager/router-archive.ts';
import { EXIT, ExitError } from './exit.ts';
import type { TruckOptions } from './truck-options.ts';

/** The reference under which the archive's image will be known: firebreak-router:<content>. @throws ExitError */
export async function routerImageOf(options: TruckOptions): Promise<string> {
  if (options.routerImage === undefined) {
    throw new ExitError(
      EXIT.badInput,
      "name the router's image: --router-image ARCHIVE or FIREBREAK_ROUTER_IMAGE (firebreak router-image builds it)",
    );
  }
  try {
    return await routerImageIn(options.routerImage);
  } catch (error) {
    throw new ExitError(EXIT.badInput, error instanceof Error ? error.message : String(error));
  }
}
