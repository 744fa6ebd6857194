import { labCommand } from './lab-command.ts';

export default function teardown(): void {
  const names = process.env.FIREBREAK_TEST_LABS_TO_REMOVE?.split(' ') ?? [];
  for (const name of names) labCommand('down', '--name', name);
}
