import type { ApplyOptions } from '../../components/network-manager/apply.ts';
import type { LockOptions } from '../../components/network-manager/lock.ts';
import { describe, type Step } from '../truck/steps.ts';
import { paint, remark } from './output.ts';
import type { WaitOption } from './truck-options.ts';

/** Says each step when it is done, with its time; with --json only on standard error as well. */
export function stepReporter(quiet: boolean): ApplyOptions {
  if (quiet) return {};
  const begun = new Map<Step, number>();
  return {
    onStep: (step, state) => {
      if (state === 'begun') begun.set(step, performance.now());
      else {
        const milliseconds = Math.round(performance.now() - (begun.get(step) ?? 0));
        remark(
          `${paint('green', '✓', process.stderr)} ${describe(step)} ${paint('dim', `${milliseconds} ms`, process.stderr)}`,
        );
      }
    },
  };
}

/** Says for whom it waits, and how long at most. */
export function waiting({ wait }: WaitOption): LockOptions {
  return {
    patienceMs: wait * 1000,
    onWait: (who) => remark(`this truck is being changed by ${who}: waiting up to ${wait} s`),
  };
}
