import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cached } from '../../../lib/artifacts/cached.ts';

const scratch = mkdtempSync(join(tmpdir(), 'firebreak-cached-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('what was made of equal inputs is not made again; of others, and after damage, it is', async () => {
  let made = 0;
  const get = async (...inputs: readonly unknown[]) => {
    const content = await cached(scratch, inputs, async () => Buffer.from(`${inputs.join()}: ${++made}`));
    return Buffer.from(content).toString();
  };
  expect(await get('one', 1)).toBe('one,1: 1');
  expect(await get('one', 1)).toBe('one,1: 1');
  expect(await get('one', 2)).toBe('one,2: 2');
  for (const file of readdirSync(join(scratch, 'artifacts'))) {
    const path = join(scratch, 'artifacts', file);
    writeFileSync(path, readFileSync(path).subarray(0, -1));
  }
  expect(await get('one', 1)).toBe('one,1: 3');
});
