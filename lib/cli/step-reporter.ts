import type { ApplyEvents } from '../../components/network-manager/apply.ts';
import { describe, type Step } from '../truck/steps.ts';
import { paint, remark } from './output.ts';

/** Says each step when it is done, with its time; with --json only on standard error as well. */
export function stepReporter(quiet: boolean): ApplyEvents {
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
