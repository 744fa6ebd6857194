import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { arrivalDays, Gathering } from '../../../../lib/cli/fleet/evidence/gather.ts';
import { evidenceFolder } from '../../../../lib/fleet/names.ts';
import { type Evidence, type EvidencePart, evidenceParts } from '../../../../lib/shadow/index.ts';
import { expectations } from '../../../../lib/truck/expectations.ts';
import { judge } from '../../../../lib/truck/judge.ts';
import { Endpoint, useLabCredentials } from '../../lab/cloud/account/endpoint.ts';
import { example } from '../../truck/support.ts';
import { firebreak } from '../support.ts';

/** `fleet evidence` by AWS's own client against the lab's account. */
jest.setTimeout(120_000);
useLabCredentials();

const BUCKET = 'firebreak-evidence';
const POLICY = example('article.yaml');
const MATRIX = judge(expectations(POLICY, 0), []);
const measured = (thing: string, at: string): Evidence => ({
  ...{ thing, revision: POLICY.revision, at, matrix: MATRIX, durationMs: 800 },
  vantages: [{ node: 'container1', kind: 'container' }],
});
/** The same in several messages: evidence that compresses badly. */
function large(thing: string, at: string): readonly EvidencePart[] {
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed.toString(36);
  };
  const noise = () => Array.from({ length: 60 }, random).join('');
  const rows = Array.from({ length: 600 }, () => MATRIX.rows.slice(0, 1))
    .flat()
    .map((row) => ({ ...row, reason: noise() }));
  return evidenceParts({ ...measured(thing, at), matrix: { ...MATRIX, rows } });
}
const linesOf = (parts: readonly EvidencePart[]) => parts.map((part) => JSON.stringify(part));

describe('the export', () => {
  let endpoint: Endpoint;
  let directory: string;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'firebreak-evidence-'));
    endpoint = await Endpoint.start();
    endpoint.account.buckets.set(BUCKET, new Map());
  });
  afterEach(async () => {
    await endpoint.end();
    rmSync(directory, { recursive: true });
  });
  const out = () => join(directory, 'out.jsonl');
  const evidence = (...words: readonly string[]) =>
    firebreak('fleet', 'evidence', '--endpoint', endpoint.url, '--bucket', BUCKET, '--out', out(), ...words);
  const november = (...words: readonly string[]) => evidence('--from', '2026-11-01', '--to', '2026-11-03', ...words);
  const exported = () =>
    readFileSync(out(), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Evidence);
  function arrived(day: string, name: string, lines: readonly string[]): void {
    const text = Buffer.from(`${lines.join('\n')}\n`);
    const bytes = name.endsWith('.gz') ? gzipSync(text) : text;
    endpoint.account.buckets.get(BUCKET)?.set(`${evidenceFolder(new Date(day))}${name}`, bytes);
  }

  test('holds what was measured in the period, once, whole, wherever it arrived', async () => {
    const early = evidenceParts(measured('truck-1', '2026-11-01T08:00:00.000Z'));
    const late = evidenceParts(measured('truck-2', '2026-11-02T23:59:59.000Z'));
    const parts = large('truck-3', '2026-11-02T12:00:00.000Z');
    expect(parts.length).toBeGreaterThan(1);
    arrived('2026-11-01', 'a.gz', [...linesOf(early), ...linesOf(early)]);
    arrived('2026-11-02', 'b', linesOf(parts.slice(1)));
    // A truck was away for some days; others' measurements are not of the period.
    arrived('2026-11-05', 'c.gz', [...linesOf(late), ...linesOf(parts.slice(0, 1)), ...linesOf(early)]);
    arrived('2026-11-03', 'd', linesOf(evidenceParts(measured('truck-1', '2026-11-03T00:00:00.000Z'))));
    const { exitCode, stdout } = await november('--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      evidence: 3,
      trucks: 3,
      verdicts: { inconclusive: 3 },
      incomplete: [],
      rejected: [],
    });
    expect(exported().map(({ thing }) => thing)).toEqual(['truck-1', 'truck-2', 'truck-3']);
    expect(exported()[0]).toEqual(measured('truck-1', '2026-11-01T08:00:00.000Z'));
  });

  test('leaves out what was changed or isn’t whole, says so, and ends with 1', async () => {
    const [whole] = evidenceParts(measured('truck-1', '2026-11-01T08:00:00.000Z'));
    const changed = { ...whole, at: '2026-11-01T09:00:00.000Z' };
    arrived('2026-11-01', 'a', [
      JSON.stringify(whole),
      JSON.stringify(changed),
      'not JSON',
      ...linesOf(large('truck-3', '2026-11-01T10:00:00.000Z').slice(1)),
    ]);
    const { exitCode, stdout, stderr } = await november('--json');
    expect(exitCode).toBe(1);
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ evidence: 1, incomplete: [{ thing: 'truck-3', missing: [1] }] });
    expect(told.rejected.map(({ where }: { where: string }) => where.split('/').at(-1))).toEqual(['a:2', 'a:3']);
    expect(stderr).toContain('was changed on its way');
    expect(exported()).toHaveLength(1);
  });

  test('of one truck holds no other', async () => {
    for (const thing of ['truck-1', 'truck-2'])
      arrived('2026-11-01', thing, linesOf(evidenceParts(measured(thing, '2026-11-01T08:00:00.000Z'))));
    const { exitCode, stdout } = await november('--json', '--thing', 'truck-2');
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { evidence: 1, trucks: 1 }]);
    expect(exported().map(({ thing }) => thing)).toEqual(['truck-2']);
  });

  test.each([
    ['an empty archive', ['--from', '2026-11-01', '--to', '2026-11-02'], 0, ''],
    ['a time that is none', ['--from', 'yesterday'], 2, 'such as 2026-11-24'],
    ['a period that ends before it begins', ['--from', '2026-11-02', '--to', '2026-11-01'], 2, 'not before'],
    ['a bucket that there isn’t', ['--from', '2026-11-01', '--bucket', 'nothing'], 1, 'bucket does not exist'],
    [
      'a place where nothing can be written',
      ['--from', '2026-11-01', '--to', '2026-11-02', '--out', '/nowhere/x'],
      2,
      "can't be written",
    ],
  ])('with %s ends as it should', async (_what, words, exitCode, why) => {
    expect(await evidence(...words)).toMatchObject({ exitCode, stderr: expect.stringContaining(why) });
  });
});

test('whatever the order and the repetitions, evidence comes once, whole, and only of the period', () => {
  const period = { from: Date.parse('2026-11-01T00:00:00Z'), to: Date.parse('2026-11-02T00:00:00Z') };
  const inside = [
    ...large('truck-1', '2026-11-01T01:00:00.000Z'),
    ...evidenceParts(measured('truck-2', '2026-11-01T02:00:00.000Z')),
  ];
  const outside = evidenceParts(measured('truck-3', '2026-11-02T00:00:00.000Z'));
  const lines = linesOf([...inside, ...outside]);
  const shuffled = fc.shuffledSubarray([...lines, ...lines], { minLength: lines.length * 2 });
  fc.assert(
    fc.property(shuffled, (order) => {
      const gathering = new Gathering(period);
      const found = order.flatMap((line) => gathering.add(line, 'x') ?? []);
      expect(found.map(({ thing }) => thing).sort()).toEqual(['truck-1', 'truck-2']);
      expect([gathering.rejected, gathering.incomplete()]).toEqual([[], []]);
    }),
    { numRuns: 20 },
  );
});

test('arrivals are looked for on each day of the period, and as long as a truck may be late', () => {
  const period = { from: Date.parse('2026-11-29T13:00:00Z'), to: Date.parse('2026-12-01T01:00:00Z') };
  const folders = [...arrivalDays(period, 1)].map(evidenceFolder);
  expect(folders).toEqual(
    [
      'year=2026/month=11/day=29',
      'year=2026/month=11/day=30',
      'year=2026/month=12/day=01',
      'year=2026/month=12/day=02',
    ].map((day) => `evidence/${day}/`),
  );
});
