import { ask } from '../../../lib/cli/ask.ts';

/** A program that asks at a terminal: `script` gives it one. */
ask('Write it?').then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(7);
  },
);
