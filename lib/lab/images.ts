import { defaultCacheDirectory } from '../../components/router/cache-directory.ts';
import { nativeArchitecture } from '../../components/router/debian.ts';
import { buildImage } from '../../components/router/image/build.ts';
import { routerImage } from '../../components/router/router-image.ts';
import type { Policy } from '../policy/index.ts';
import type { Machine } from './machine/machine.ts';

/** What the truck has of images. */
export interface TruckImages {
  /** Path of the router image's archive, which the truck loads itself. */
  readonly router: string;
  /** Names under which the Docker Engine has the stand-in. */
  readonly standIns: readonly string[];
}

const NO_IMAGES: Pick<TruckImages, 'standIns'> = { standIns: [] };

/** busybox applets of the stand-in: what a human wants in a container to look around and to try what is closed. */
const APPLETS = [
  ...['sh', 'sleep', 'ping', 'nc', 'wget', 'traceroute', 'nslookup', 'arping', 'ip', 'ifconfig', 'route', 'netstat'],
  ...['cat', 'echo', 'env', 'grep', 'hostname', 'ls', 'ps', 'head', 'tail', 'true', 'httpd', 'udhcpc'],
];

/**
 * Builds the router's image, and puts a stand-in (busybox) under every image name of the policy into the truck's Docker Engine:
 * the lab has no image registry, and the third parties' programs are not what it is about.
 * @param routerRoot components/router/root, wherever the build put it
 * @param known what an earlier call gave
 */
export async function loadImages(
  machine: Machine,
  socket: string,
  { policy, routerRoot, known = NO_IMAGES }: ImageNeeds,
): Promise<TruckImages> {
  const cache = defaultCacheDirectory();
  const architecture = await nativeArchitecture();
  const { archive: router } = await buildImage(routerImage(architecture, routerRoot), cache);
  const missing = imageNames(policy).filter((name) => !known.standIns.includes(name));
  if (missing.length > 0) {
    const { archive } = await buildImage(
      {
        name: 'firebreak-stand-in',
        ...{ architecture, packages: ['busybox-static'], programs: ['/bin/busybox'], applets: APPLETS },
        ...{ command: ['sh'], tags: missing },
      },
      cache,
    );
    await machine.run(['docker', '--host', `unix://${socket}`, 'load', '--quiet', '--input', archive]);
  }
  return { router, standIns: [...known.standIns, ...missing] };
}

interface ImageNeeds {
  readonly policy: Policy;
  readonly routerRoot: string;
  readonly known?: Pick<TruckImages, 'standIns'>;
}

/** Every image of the policy once, with the tag that Docker takes when there is none. */
function imageNames(policy: Policy): readonly string[] {
  const images = policy.nodes.flatMap((node) =>
    node.kind === 'container' && node.image !== undefined ? [node.image] : [],
  );
  return [...new Set(images.map((image) => (/:[^/]+$/.test(image) ? image : `${image}:latest`)))].sort();
}
