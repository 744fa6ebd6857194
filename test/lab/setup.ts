import { labCommand } from './lab-command.ts';
import { labName } from './lab-name.ts';

/**
 * A lab for each worker of a run. With FIREBREAK_TEST_LAB=NAME they are the labs NAME, NAME-2, …, which are left up: for whoever works on a
 * test and doesn't want to wait for a lab each time.
 */
export default function setup({ maxWorkers }: { readonly maxWorkers: number }): void {
  const standing = process.env.FIREBREAK_TEST_LAB;
  const run = standing ?? `test-${process.pid}`;
  const names = Array.from({ length: maxWorkers }, (_, index) => labName(run, index + 1));
  if (standing === undefined) process.env.FIREBREAK_TEST_LABS_TO_REMOVE = names.join(' ');
  process.env.FIREBREAK_TEST_LAB = run;
  for (const name of names) labCommand('up', '--name', name);
}
