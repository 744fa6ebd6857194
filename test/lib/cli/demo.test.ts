import { join } from 'node:path';
import type { Document, ServedTruck } from '../../../lib/cli/demo/served-truck.ts';
import { withServedTruck } from '../../../lib/cli/demo/served-truck.ts';
import { Lab } from '../../../lib/lab/lab.ts';
import type { Policy } from '../../../lib/policy/index.ts';
import { expectations } from '../../../lib/truck/expectations.ts';
import { type BypassRow, bypassTable } from '../../../lib/truck/judge-bypasses.ts';
import { policyOf } from '../truck/support.ts';
import { firebreak } from './support.ts';

jest.mock('../../../lib/lab/lab.ts', () => ({ Lab: { up: jest.fn(), down: jest.fn() } }));
jest.mock('../../../lib/cli/demo/served-truck.ts', () => ({ withServedTruck: jest.fn() }));

const ARTICLE = join(__dirname, '../../../examples/article.yaml');

/** What may be wrong with a truck. */
interface Faults {
  /** Every row of its matrix is a breach. */
  readonly leaks?: true;
  /** It takes a policy that cuts its uplink. */
  readonly letsItselfBeCutOff?: true;
  /** A flow that was closed stays open. */
  readonly neverCloses?: true;
  readonly bypass?: BypassRow['verdict'];
}

/** A truck whose matrix is what its policy promises, but for its faults. */
function servedTruck({ leaks, letsItselfBeCutOff, neverCloses }: Faults): ServedTruck {
  const known = new Map<string, Policy>();
  let inForce: Policy;
  const revisionOf = ({ revision: { sequence, hash, id } }: Policy) => ({ sequence, hash, id });
  const isCut = ({ uplinks }: Policy) => JSON.stringify(uplinks).includes('203.0.113.');
  let opened = false;
  return {
    desire: async (document: Document) => {
      const policy = policyOf(JSON.stringify(document));
      if (isCut(policy) && letsItselfBeCutOff !== true) {
        return { status: 'rolled-back', revision: revisionOf(inForce), why: 'the cloud is not reached' };
      }
      inForce = policy;
      opened ||= policy.flows.length > 0;
      known.set(policy.revision.id, policy);
      return { status: 'applied', revision: revisionOf(policy) };
    },
    evidence: async (id) => {
      const policy = known.get(id);
      if (policy === undefined) throw new Error(`nobody has measured ${id}`);
      const rows = expectations(policy, 0).map((expectation) => {
        const isStuck =
          neverCloses === true && opened && expectation.from === 'container1' && expectation.to === 'container2';
        const isOpen = isStuck || expectation.verdict === 'reachable';
        return {
          ...{
            expectation,
            observed: isOpen ? ('reachable' as const) : ('dropped' as const),
            reason: 'a test says so',
          },
          outcome: leaks === true ? ('breach' as const) : ('as-expected' as const),
        };
      });
      const counts = { 'as-expected': rows.length, breach: 0, outage: 0, inconclusive: 0 };
      const verdict = leaks === true ? ('breached' as const) : ('isolated' as const);
      return {
        ...{ thing: 'truck', revision: revisionOf(policy), at: '2026-01-01T00:00:00Z', durationMs: 1 },
        ...{ matrix: { rows, counts, verdict }, vantages: [] },
      };
    },
    shadows: async () => ({ network: { reported: {} }, isolation: { reported: {} } }),
  };
}

function bypasses(verdict: BypassRow['verdict']) {
  const attempt: BypassRow['attempt'] = {
    ...{ id: 'IPv6: container1>ff02::1', kind: 'IPv6', from: 'container1', aim: 'br1net', because: 'nobody speaks it' },
    frame: { to: 'group', tags: [], packet: { type: 'ipv6', destination: 'ff02::1', protocol: 'udp' } },
  };
  return { ...bypassTable([{ attempt, verdict, reason: 'a test says so' }]), untried: [], vantages: [], durationMs: 7 };
}

function given(faults: Faults): void {
  const stdout = JSON.stringify(bypasses(faults.bypass ?? 'closed'));
  const lab = { machine: { kind: 'vm' }, firebreak: () => Promise.resolve({ stdout, stderr: '', exitCode: 0 }) };
  jest.mocked(Lab.up).mockResolvedValue(lab as unknown as Lab);
  jest
    .mocked(withServedTruck)
    .mockImplementation((_place, _progress, _signal, action) => action(servedTruck(faults)) as Promise<never>);
}

beforeEach(() => jest.resetAllMocks());

test('all holds: the rows, the bypasses, the flow opened and closed, and what was rolled back are printed', async () => {
  given({});
  const { exitCode, stdout } = await firebreak('demo', ARTICLE);
  expect(stdout).toContain('28 of 28 rows as expected');
  expect(stdout).toContain('1 of 1 attempts closed');
  expect(stdout).toContain('container1 → container2, flow opened: reachable');
  expect(stdout).toContain('container1 → container2, flow closed: dropped');
  expect(stdout).toMatch(
    /a policy that cuts the uplink: rolled back, revision \S+ is in force; the cloud is not reached/,
  );
  expect(exitCode).toBe(0);
  expect(Lab.down).toHaveBeenCalledWith('lab');
});

test('with --json it is one document, with rows, timings and shadows; with --keep the lab stays', async () => {
  given({});
  const { exitCode, stdout } = await firebreak('demo', '--json', '--keep', ARTICLE);
  const told = JSON.parse(stdout);
  expect(told).toMatchObject({
    ...{ kernel: 'vm', holds: true, flow: { cells: { opened: 'reachable', closed: 'dropped' } } },
    ...{ bypasses: { rows: [{}] }, rollback: { status: 'rolled-back' }, shadows: { network: {}, isolation: {} } },
  });
  expect(told.matrix.rows).toHaveLength(28);
  expect(Object.keys(told.timings)).toHaveLength(5);
  expect(exitCode).toBe(0);
  expect(Lab.down).not.toHaveBeenCalled();
});

test.each<[string, Faults]>([
  ['that leaks', { leaks: true }],
  ['with an open bypass', { bypass: 'open' }],
  ['that lets itself be cut off', { letsItselfBeCutOff: true }],
  ['on which a flow stays open', { neverCloses: true }],
])('a truck %s makes it end with 1', async (_what, faults) => {
  given(faults);
  expect((await firebreak('demo', ARTICLE)).exitCode).toBe(1);
});

test('a truck that refuses the policy ends it with its reason, and the lab is taken down', async () => {
  given({});
  const refusing = { ...servedTruck({}), desire: async () => ({ status: 'refused', why: 'not today' }) };
  jest.mocked(withServedTruck).mockImplementation((_p, _q, _r, action) => action(refusing) as Promise<never>);
  const { exitCode, stderr } = await firebreak('demo', ARTICLE);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('the truck says refused: not today')]);
  expect(Lab.down).toHaveBeenCalledWith('lab');
});
