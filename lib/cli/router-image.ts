import { join } from 'node:path';
import { Command, Option } from 'commander';
import { defaultCacheDirectory } from '../../components/router/cache-directory.ts';
import { type Architecture, nativeArchitecture } from '../../components/router/debian.ts';
import { buildImage } from '../../components/router/image/build.ts';
import { routerImage } from '../../components/router/router-image.ts';
import { print, printJson } from './output.ts';
import { jsonOption } from './truck-options.ts';

interface Options {
  readonly architecture?: Architecture;
  readonly json: boolean;
}

export function routerImageCommand(): Command {
  return new Command('router-image')
    .description("build the router's image from Debian packages, as an archive for docker load, and print its path")
    .addOption(
      new Option('--architecture <name>', "the truck's processor; default: this machine's").choices(['amd64', 'arm64']),
    )
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  firebreak router-image --architecture arm64')
    .action(async ({ architecture, json }: Options) => {
      const root = join(__dirname, 'router');
      const recipe = routerImage(architecture ?? (await nativeArchitecture()), root);
      const image = await buildImage(recipe, defaultCacheDirectory());
      if (json) printJson({ architecture: recipe.architecture, ...image });
      else print(image.archive);
    });
}
