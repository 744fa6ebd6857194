import { readFileSync } from 'node:fs';
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

/** There are no components, or not all of what was built is there. */
export class NotBuiltError extends Error {
  override readonly name = 'NotBuiltError';

  constructor(directory: string, cause: unknown) {
    const why = cause instanceof z.core.$ZodError ? z.prettifyError(cause) : (cause as Error).message;
    super(
      `${directory} has no built components: ${why}. Run \`npm run build:components -- --out ${directory}\` first.`,
      { cause },
    );
  }
}

/**
 * What was built, those that others depend on first.
 * @throws NotBuiltError
 */
export function readBuiltComponents(directory: string): readonly BuiltComponent[] {
  try {
    const list = readFileSync(join(directory, 'components.json'), 'utf8');
    return Built.parse(JSON.parse(list)).map(({ name, version, recipe }) => ({
      name,
      version,
      recipe: readFileSync(join(directory, recipe), 'utf8'),
      directory: join(directory, 'artifacts', name, version),
    }));
  } catch (error) {
    throw new NotBuiltError(directory, error);
  }
}
