import { labCommand } from './lab-command.ts';

/**
 * One lab for all lab tests of a run. With FIREBREAK_TEST_LAB=NAME it is the lab of that name, which is left up: for whoever works on
 * a test and doesn't want to wait for a lab each time.
 */
export default function setup(): void {
  const standing = process.env.FIREBREAK_TEST_LAB;
  const name = standing ?? `test-${process.pid}`;
  labCommand('up', '--name', name);
  if (standing === undefined) process.env.FIREBREAK_TEST_LAB_TO_REMOVE = name;
  process.env.FIREBREAK_TEST_LAB = name;
}
