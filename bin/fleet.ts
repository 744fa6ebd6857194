import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { ConfigurationError, readStage } from '../lib/fleet/config/read-stage.ts';
import { readBuiltComponents } from '../lib/fleet/edge-suite/built-components.ts';
import { addFleet } from '../lib/fleet/fleet.ts';

const app = new App();
const context = (key: string): string | undefined => app.node.tryGetContext(key);
const file = context('fleet') ?? 'fleet.yaml';
try {
  const read = (path: string) => readFileSync(path, 'utf8');
  const stage = readStage(file, read(file), context('stage'), read);
  addFleet(app, stage, readBuiltComponents(context('components') ?? 'build/fleet/components'));
  app.synth();
} catch (error) {
  // What its user can mend is said without a stack trace.
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exitCode = 1;
}
