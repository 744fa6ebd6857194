import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXAMPLES, example } from '../truck/support.ts';
import { firebreak } from './support.ts';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'firebreak-leases-'));
});
afterEach(() => rmSync(state, { recursive: true }));

const inForce = (file: string) => {
  const good = { revision: example(file).revision.id, document: readFileSync(join(EXAMPLES, file), 'utf8') };
  writeFileSync(join(state, 'checkpoint.json'), JSON.stringify({ good, underway: null, links: [] }));
};
const leased = (segment: string, ...lines: readonly string[]) => {
  mkdirSync(join(state, 'leases'), { recursive: true });
  writeFileSync(join(state, 'leases', `${segment}.leases`), lines.map((line) => `${line}\n`).join(''));
};
const leases = (...options: readonly string[]) => firebreak('leases', '--state', state, ...options);
const addressOf = (name: string) => example('station.yaml').nodes.find((node) => node.name === name)?.address ?? '';

test('shows reservations, leases and strangers, by segment and address', async () => {
  inForce('station.yaml');
  leased(
    'pump',
    '1800000000 02:00:00:00:14:05 10.20.20.11 pump-panel 01:02:00:00:00:14:05',
    '1800000000 02:00:00:00:99:01 10.20.20.70 * *',
  );
  const { exitCode, stdout } = await leases('--json');
  expect(exitCode).toBe(0);
  const told = JSON.parse(stdout);
  expect(told.revision).toBe(example('station.yaml').revision.id);
  const rows = told.leases.map(
    (row: { segment: string; address: string; kind: string; name: string | null; lease?: object }) =>
      [row.segment, row.address, row.kind, row.name, row.lease === undefined ? 'reserved' : 'leased'].join(' '),
  );
  // Radio has no pool, so nobody is served there.
  expect(rows.filter((row: string) => row.startsWith('pump'))).toEqual([
    'pump 10.20.20.10 container pump-control reserved',
    'pump 10.20.20.11 device pump-panel leased',
    'pump 10.20.20.70 stranger  leased',
  ]);
  expect(rows).toContain(`cab ${addressOf('tablet')} device tablet reserved`);
  expect(rows.some((row: string) => row.startsWith('radio'))).toBe(false);

  const shown = (await leases()).stdout;
  expect(shown).toMatch(/pump +10\.20\.20\.70 +02:00:00:00:99:01 +stranger +2027-01-15T08:00:00\.000Z/);
  expect(shown).toMatch(/pump +10\.20\.20\.10 .*pump-control +container +\(reserved\)/);
});

test('says which line of a file that was cut short is no lease, and shows the others', async () => {
  inForce('station.yaml');
  leased('cab', '1800000000 02:00:00:00:99:01 10.20.10.120 * *', '17956');
  const { exitCode, stdout, stderr } = await leases();
  expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/no lease.* in segment cab: 17956/)]);
  expect(stdout).toContain('10.20.10.120');
});

test('says that nobody is served', async () => {
  inForce('article.yaml');
  expect(await leases()).toMatchObject({ exitCode: 0, stdout: 'the router serves DHCP in no segment\n' });
  expect(JSON.parse((await leases('--json')).stdout).leases).toEqual([]);
});

test('ends with 1 where no policy is in force', async () => {
  expect(await leases()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no policy is in force') });
});
