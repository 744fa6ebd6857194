import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { networkReported, readDesired } from '../../../lib/shadow/index.ts';
import { isShadowable } from '../../../lib/shadow/limits.ts';
import { expectTaken } from './shadow-service.ts';

const README = readFileSync(join(__dirname, '../../../README.md'), 'utf8');
const { desired, reported } = JSON.parse(/```json\n(\{\n {2}"desired"[^`]+)```/.exec(README)?.[1] ?? 'null');

describe('the shadow in README.md', () => {
  test('is one that the cloud takes and the truck understands', () => {
    expectTaken(desired, reported);
    expect(isShadowable(desired)).toBe(true);
    expect(readDesired(desired, { thing: 'truck-7', lastSequence: 7 })).toMatchObject({ kind: 'policy' });
  });

  test('reports what trucks report', () => {
    const { at, ...state } = reported;
    expect(networkReported({ ...state, at: Date.parse(at) })).toEqual(reported);
  });
});
