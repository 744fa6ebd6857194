import { join } from 'node:path';
import { concern } from '../../lib/lab/flood/concern.ts';
import { judgeFlood } from '../../lib/lab/flood/judge.ts';
import { LabFlood } from '../../lib/lab/flood/lab-flood.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import type { Policy } from '../../lib/policy/index.ts';
import { policyOf } from '../lib/truck/support.ts';
import { changes } from './changes.ts';
import { flowing, inFigures, shown } from './flooding.ts';
import { bringUp, failures, matrix, openLab, ROOT } from './support.ts';

/** How many random changes are made in a row; the acceptance is 200. */
const CHANGES = Number(process.env.FIREBREAK_LAB_CHANGES ?? 2);
/** The seed is in the test's name; FIREBREAK_LAB_SEED runs it again. */
const SEED = Number(process.env.FIREBREAK_LAB_SEED ?? Date.now() % 1_000_000);

jest.setTimeout(120_000 + CHANGES * 180_000);

let lab: Lab;
let flood: LabFlood | undefined;

beforeAll(async () => {
  lab = await openLab();
});

afterAll(() => flood?.counts.end());

test(`live changes, ${CHANGES} in a row (seed ${SEED}): nothing forbidden passes, and what they don't concern loses nothing`, async () => {
  const { first, changes: all } = changes(CHANGES, SEED);
  let text = JSON.stringify(first);
  let before = policyOf(text);
  await bringUp(lab, text);
  flood = await LabFlood.start(lab, join(ROOT, 'build'));
  await flood.phase('at the beginning', [before]);
  await flowing(flood, [before]);
  let settled = 'at the beginning';
  for (const [index, { what, document }] of all.entries()) {
    text = JSON.stringify(document);
    const after = policyOf(text);
    const [during, afterwards] = [`during change ${index + 1}`, `after change ${index + 1}`];
    await flood.phase(during, [before, after]);
    const begun = performance.now();
    const { drift } = await bringUp(lab, text);
    const tookMs = performance.now() - begun;
    expect(drift).toEqual([]);
    await flood.phase(afterwards, [before, after]);
    await flowing(flood, [after]);
    const report = await flood.counts.settle();
    const inForce: Record<string, readonly Policy[]> = {
      [settled]: [before],
      [during]: [before, after],
      [afterwards]: [after],
    };
    const verdict = judgeFlood(report, inForce, (stream) => concern(before, after, stream));
    process.stderr.write(
      `      ${index + 1}: ${what}: ${Math.round(tookMs)} ms; ${inFigures(report, verdict, during)}\n`,
    );
    expect([what, shown(verdict)]).toEqual([what, { forbidden: [], lost: [], inconclusive: [] }]);
    // What this change excuses, an uplink that waits for its lease, must not be in what is judged with the next one.
    settled = `settled after change ${index + 1}`;
    await flood.phase(settled, [after]);
    await flood.counts.forget();
    before = after;
  }
  await flood.counts.stop();
  expect(failures(await matrix(lab, text))).toEqual([]);
});
