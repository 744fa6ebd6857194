import { Lab } from '../../lib/lab/lab.ts';

export default async function teardown(): Promise<void> {
  const name = process.env.FIREBREAK_TEST_LAB;
  if (name !== undefined) await Lab.down(name);
}
