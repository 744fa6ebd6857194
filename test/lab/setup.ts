import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from '../../lib/lab/lab.ts';

/** One lab for all lab tests of a run; FIREBREAK_TEST_LAB names it, for the tests and for who wants to look. */
export default async function setup(): Promise<void> {
  const root = join(__dirname, '../..');
  const name = `test-${process.pid}`;
  await Lab.up({
    name,
    policy: readFileSync(join(root, 'examples/article.yaml'), 'utf8'),
    kernel: 'auto',
    build: join(root, 'build/firebreak'),
    onProgress: (what) => process.stderr.write(`lab ${name}: ${what}\n`),
  });
  process.env.FIREBREAK_TEST_LAB = name;
}
