import fc from 'fast-check';
import { parse } from 'yaml';
import type { Lab } from '../../lib/lab/lab.ts';
import { policyDocument } from '../lib/policy/arbitrary.ts';
import { apply, bringUp, example, failures, matrix, openLab } from './support.ts';

jest.setTimeout(900_000);

/** How many random policies are brought up; more by FIREBREAK_LAB_POLICIES. */
const RANDOM_POLICIES = Number(process.env.FIREBREAK_LAB_POLICIES ?? 1);
/** The seed is printed with a failure; FIREBREAK_LAB_SEED runs it again. */
const SEED = Number(process.env.FIREBREAK_LAB_SEED ?? Date.now() % 1_000_000);

let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
});

async function prove(policy: string): Promise<void> {
  const { drift } = await bringUp(lab, policy);
  expect(drift).toEqual([]);
  const measured = await matrix(lab, policy);
  expect(failures(measured)).toEqual([]);
  expect((await apply(lab, policy)).steps).toEqual([]);
}

test('a policy that is not the article’s: three segments, four containers, a tcp flow, one segment without internet', async () => {
  await prove(example('station.yaml'));
});

test('closing the flow closes exactly what it had opened, and leaves networks and containers alone', async () => {
  const closed = JSON.stringify({ ...(parse(example('station.yaml')) as object), flows: {} });
  const { steps } = await apply(lab, closed);
  expect(steps.filter((step) => !/^(router|edge): /.test(step))).toEqual([]);
  expect(failures(await matrix(lab, closed))).toEqual([]);
});

/** Containers cost most of the time under emulation, and nobody here would make a third party's: a few, all with an image. */
const affordable = policyDocument().map((document) => {
  const containers = Object.fromEntries(
    Object.entries(document.containers ?? {})
      .slice(0, 3)
      .map(([name, { segment, address }]) => [
        name,
        { segment, ...(address === undefined ? {} : { address }), image: 'alpine:3', command: ['sleep', 'infinity'] },
      ]),
  );
  const parties = new Set([
    'internet',
    ...Object.keys(document.segments),
    ...Object.keys(containers),
    ...Object.keys(document.devices ?? {}),
  ]);
  const flows = Object.fromEntries(
    Object.entries(document.flows ?? {}).filter(([, { from, to }]) => parties.has(from) && parties.has(to)),
  );
  return { ...document, containers, flows };
});

test(`from one random policy to the next, ${RANDOM_POLICIES} times: the measured matrix equals the expected one (seed ${SEED})`, async () => {
  for (const policy of fc.sample(affordable, { numRuns: RANDOM_POLICIES, seed: SEED })) {
    await prove(JSON.stringify(policy));
  }
});
