import { readFileSync } from 'node:fs';
import type { App } from 'aws-cdk-lib';
import { ConfigurationError, readStage } from './config/read-stage.ts';
import { NotBuiltError, readBuiltComponents } from './edge-suite/built-components.ts';
import { addFleet } from './fleet.ts';
import { DEFAULT_STAGE } from './names.ts';

/**
 * Makes the stacks that the app's context asks for: `stage`, `fleet` (the configuration's file), `components` (the directory in which they were built).
 * @returns the exit code
 */
export function synthesise(app: App): number {
  const context = (key: string): string | undefined => app.node.tryGetContext(key);
  try {
    const components = readBuiltComponents(context('components') ?? 'build/fleet/components');
    const stage = readStage(context('fleet') ?? 'fleet.yaml', context('stage') ?? DEFAULT_STAGE, {
      read: (path) => readFileSync(path, 'utf8'),
      components: components.map(({ name }) => name),
    });
    addFleet(app, stage, components);
    app.synth();
    return 0;
  } catch (error) {
    // What its user can mend is said without a stack trace.
    console.error(error instanceof ConfigurationError || error instanceof NotBuiltError ? error.message : error);
    return 1;
  }
}
