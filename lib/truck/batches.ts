import type { Step } from './steps.ts';

/** Docker needs most of the time; steps of these kinds that follow each other concern different containers. */
const CONCURRENT: ReadonlySet<Step['do']> = new Set(['create-container', 'start-container', 'remove-container']);

/** The steps in their order, those together that may be done at the same time. */
export function batches(steps: readonly Step[]): readonly (readonly Step[])[] {
  const found: Step[][] = [];
  for (const step of steps) {
    const last = found.at(-1);
    if (last?.[0] !== undefined && CONCURRENT.has(step.do) && last[0].do === step.do) last.push(step);
    else found.push([step]);
  }
  return found;
}
