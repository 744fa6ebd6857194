import { labCommand } from './lab-command.ts';

/** One lab for all lab tests of a run; FIREBREAK_TEST_LAB names it, for the tests and for who wants to look. */
export default function setup(): void {
  const name = `test-${process.pid}`;
  labCommand('up', '--name', name);
  process.env.FIREBREAK_TEST_LAB = name;
}
