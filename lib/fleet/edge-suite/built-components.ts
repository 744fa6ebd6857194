import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** `components.json` as `npm run build:components` writes it. */
const Built = z.array(
  z.object({
    name: z.string(),
    version: z.string(),
    recipe: z.string(),
    artifacts: z.array(z.object({ path: z.string() })),
  }),
);

export interface BuiltComponent {
  readonly name: string;
  readonly version: string;
  /** YAML, with `s3://FIREBREAK-ARTIFACTS/` before each artifact. */
  readonly recipe: string;
  /** With the artifacts in it, as they are to lie below NAME/VERSION. */
  readonly directory: string;
}

/**
 * What was built, those that others depend on first.
 * @throws Error that says how to build, if nothing was
 */
export function readBuiltComponents(directory: string): readonly BuiltComponent[] {
  const list = join(directory, 'components.json');
  if (!existsSync(list))
    throw new Error(`${list} is not there: run \`npm run build:components -- --out ${directory}\` first`);
  return Built.parse(JSON.parse(readFileSync(list, 'utf8'))).map(({ name, version, recipe }) => ({
    name,
    version,
    recipe: readFileSync(join(directory, recipe), 'utf8'),
    directory: join(directory, 'artifacts', name, version),
  }));
}
