import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type InForce, Reports } from '../../../../lib/lab/fleet/reports.ts';
import { readYaml } from '../../../../lib/policy/index.ts';
import { assembleEvidence } from '../../../../lib/shadow/index.ts';
import { EXAMPLES } from '../../truck/support.ts';

const policy = readYaml(readFileSync(join(EXAMPLES, 'article.yaml'), 'utf8')).value;
const GOOD = { verdict: 'isolated', applies: 'applied', deploys: 'SUCCEEDED' } as const;

function inForce(reports: Reports, thing = 'truck-1'): InForce {
  const wish = reports.wish({ policy }, thing, undefined);
  if (wish.kind !== 'policy') throw new Error(JSON.stringify(wish));
  return wish;
}

test('a wish is read as the network manager reads it, for each truck', () => {
  const reports = new Reports();
  expect(reports.wish({ policy, thing: 'truck-1' }, 'truck-1', undefined)).toMatchObject({ kind: 'policy' });
  expect(reports.wish({ policy, thing: 'truck-1' }, 'truck-2', undefined)).toMatchObject({ kind: 'refused' });
  expect(reports.wish({ policy, sequence: 2 }, 'truck-1', 3)).toMatchObject({ kind: 'refused' });
  expect(reports.wish(undefined, 'truck-1', undefined)).toEqual({ kind: 'nothing' });
});

test('a truck that is isolated says so of every pair, and its evidence is whole', () => {
  const reports = new Reports();
  const { reported, parts } = reports.isolation('truck-1', inForce(reports), GOOD, '1.0.0', 1000, 60_000);
  expect(reported).toMatchObject({ verdict: 'isolated', counts: { breach: 0, outage: 0, inconclusive: 0 } });
  const evidence = assembleEvidence(parts);
  expect(evidence).toMatchObject({ thing: 'truck-1', matrix: { verdict: 'isolated' } });
  expect(evidence.matrix.rows.length).toBeGreaterThan(20);
  expect(reported.evidence?.sha256).toBe(parts[0]?.sha256);
});

test('a breached one names the pair', () => {
  const reports = new Reports();
  const { reported } = reports.isolation(
    'truck-1',
    inForce(reports),
    { ...GOOD, verdict: 'breached' },
    '1.0.0',
    1000,
    60_000,
  );
  expect(reported).toMatchObject({ verdict: 'breached', counts: { breach: 1, outage: 0, inconclusive: 0 } });
  expect(reported.failing).toMatchObject([{ outcome: 'breach', expected: 'isolated' }]);
});
