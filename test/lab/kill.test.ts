import { join } from 'node:path';
import fc from 'fast-check';
import { judgeFlood } from '../../lib/lab/flood/judge.ts';
import { LabFlood } from '../../lib/lab/flood/lab-flood.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import { policyOf } from '../lib/truck/support.ts';
import { changes } from './changes.ts';
import { flowing, inFigures, shown } from './flooding.ts';
import { apply, bringUp, failures, matrix, openLab, ROOT } from './support.ts';

/** `kill -9` to an apply, then another apply. So many at random times; or `boundaries`: after each step of a change there and back. */
const KILLS = process.env.FIREBREAK_LAB_KILLS ?? '1';
/** The seed is in the test's name; FIREBREAK_LAB_SEED runs it again. */
const SEED = Number(process.env.FIREBREAK_LAB_SEED ?? Date.now() % 1_000_000);
const COUNT = KILLS === 'boundaries' ? 200 : Number(KILLS);
/** An apply takes longer under emulation; whoever is not killed by then was done before. Milliseconds. */
const LATEST_MS = 10_000;

jest.setTimeout(180_000 + COUNT * 180_000);

/** When an apply dies: so many milliseconds after so many of its steps are done. */
interface Death {
  readonly steps: number;
  readonly afterMs: number;
}

/** The command line says each step on standard error when it is done. */
const KILL = `
  pipe=$(mktemp -u); mkfifo "$pipe"
  firebreak apply "$1" >/dev/null 2>"$pipe" & apply=$!
  exec 3<"$pipe"; rm "$pipe"
  done=0
  while [ "$done" -lt "$2" ] && read -r line <&3; do case "$line" in ✓*) done=$((done + 1));; esac; done
  sleep "$3"
  kill -KILL "$apply" 2>/dev/null && echo killed
  wait "$apply" 2>/dev/null
  exit 0
`;
const FILE = '/run/firebreak-killed.yaml';

let lab: Lab;
let flood: LabFlood;

beforeAll(async () => {
  lab = await openLab();
});

afterAll(() => flood?.counts.end());

/**
 * What the truck is to become, one after the other. Where each boundary is tried, two policies take turns that differ in segments, VLANs, subnets,
 * flows and the uplink; at random times each is two changes further on.
 */
function targets(): readonly string[] {
  if (KILLS !== 'boundaries') {
    const { first, changes: all } = changes(2 * COUNT, SEED);
    return [first, ...all.filter((_change, index) => index % 2 === 1).map(({ document }) => document)].map(textOf);
  }
  const { first, changes: all } = changes(12, SEED);
  const turns = [textOf(first), textOf(all.at(-1)?.document)];
  return Array.from({ length: COUNT }, (_, index) => turns[index % 2] ?? '');
}

const textOf = (document: unknown) => JSON.stringify(document);

/** Deaths on the way to and fro, in turns. @param steps from the one policy to the other; back it may be some more */
function deaths(steps: number): readonly Death[] {
  if (KILLS === 'boundaries') {
    return Array.from({ length: 2 * (steps + 10) }, (_, index) => ({ steps: index >> 1, afterMs: 0 }));
  }
  const late = fc.record({ steps: fc.nat(steps), afterMs: fc.nat(1000) });
  const early = fc.record({ steps: fc.constant(0), afterMs: fc.nat(LATEST_MS) });
  return fc.sample(fc.oneof(late, early), { numRuns: COUNT, seed: SEED });
}

test(`apply killed (${KILLS}, seed ${SEED}): nothing forbidden passes, and the next one converges`, async () => {
  const [first = '', ...next] = targets();
  await bringUp(lab, first);
  flood = await LabFlood.start(lab, join(ROOT, 'build'));
  const { stdout } = await lab.firebreak(['apply', '-', '--dry-run', '--json'], { input: next[0] ?? first });
  const { steps } = JSON.parse(stdout) as { readonly steps: readonly string[] };
  let present = first;
  for (const [index, death] of deaths(steps.length).entries()) {
    const target = next[index] ?? first;
    await surviveDeath(index + 1, present, target, death);
    present = target;
  }
  await flood.counts.stop();
  expect(failures(await matrix(lab, present))).toEqual([]);
});

async function surviveDeath(number: number, before: string, after: string, { steps, afterMs }: Death): Promise<void> {
  const [was, is] = [policyOf(before), policyOf(after)];
  const [dying, mended] = [`kill ${number}`, `after kill ${number}`];
  await flood.phase(dying, [was, is]);
  await lab.plug(after);
  await lab.exec('truck', ['tee', FILE], { input: after });
  const { stdout } = await lab.exec('truck', ['sh', '-c', KILL, 'kill', FILE, `${steps}`, `${afterMs / 1000}`]);
  const { steps: mending, drift } = await apply(lab, after);
  expect(drift).toEqual([]);
  await flood.phase(mended, [was, is]);
  await flowing(flood, [is]);
  const report = await flood.counts.settle();
  const verdict = judgeFlood(report, { [dying]: [was, is], [mended]: [is] }, () => 'killed');
  const how = stdout.includes('killed') ? `killed ${afterMs} ms after step ${steps}` : 'done before it was killed';
  process.stderr.write(
    `      ${number}: ${how}, ${mending.length} steps mended it; ${inFigures(report, verdict, dying)}\n`,
  );
  expect([how, shown(verdict)]).toEqual([how, { forbidden: [], lost: [], inconclusive: [] }]);
  expect((await apply(lab, after)).steps).toEqual([]);
  await flood.counts.forget();
}
