import type { Machine } from './machine.ts';
import { killMarked, newMark } from './mark.ts';
import { checked, runLocally } from './run-locally.ts';

/** This machine itself: commands are its processes. */
export function thisMachine(): Machine {
  return {
    kind: 'this-machine',
    async run(argv, options = {}) {
      const mark = newMark();
      const result = await runLocally(argv, {
        ...options,
        environment: { ...options.environment, ...mark },
        stop: () => runLocally(killMarked(mark), { timeoutMs: 20_000 }),
      });
      return checked(argv, result, options);
    },
    interactive: (argv) => argv,
  };
}
