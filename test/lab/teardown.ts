import { labCommand } from './lab-command.ts';

export default function teardown(): void {
  const name = process.env.FIREBREAK_TEST_LAB_TO_REMOVE;
  if (name !== undefined) labCommand('down', '--name', name);
}
