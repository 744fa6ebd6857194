import { join } from 'node:path';
import { EXAMPLES } from '../truck/support.ts';
import { firebreak } from './support.ts';

const BASELINE = join(EXAMPLES, 'fleet-baseline.yaml');
const PATCH = join(EXAMPLES, 'truck-patch.yaml');

test('policy show --baseline marks what is the truck’s, and what it removes', async () => {
  const { exitCode, stdout } = await firebreak('policy', 'show', PATCH, '--baseline', BASELINE);
  expect(exitCode).toBe(0);
  const lines = stdout.split('\n');
  expect(lines).toContain('      router: 10.20.10.1');
  expect(lines).toContain('+     address: 192.168.50.27 # baseline: 192.168.50.20');
  expect(lines).toContain('+     ports: [ 443, 8443 ] # baseline: [ 443 ]');
  expect(lines).toContain('+   tablet:');
  expect(lines.find((line) => line.startsWith('-'))).toMatch(/^- {3}winch-control: /);
  expect(stdout).toContain('Container networks');
});

test('policy show --baseline --json has the effective policy, each field with its origin, and the truck network', async () => {
  const { stdout } = await firebreak('policy', 'show', PATCH, '--baseline', BASELINE, '--json');
  const { policy, fields, network, revision } = JSON.parse(stdout);
  expect(revision.sequence).toBe(13);
  expect(Object.keys(policy.containers)).toEqual(['dashboard', 'pump-control']);
  expect(fields).toContainEqual({ field: 'segments.cab.vlan', value: 10, origin: 'baseline' });
  expect(fields).toContainEqual({
    field: 'flows.dashboard-reads-pump.ports',
    value: [443, 8443],
    origin: 'truck',
    was: [443],
  });
  expect(network.revision).toEqual(revision);
});

test('policy check --baseline checks what they come to', async () => {
  expect(await firebreak('policy', 'check', PATCH, '--baseline', BASELINE)).toMatchObject({ exitCode: 0 });
});

test.each(['check', 'show'])(
  'policy %s --baseline ends with 2 if they come to no policy, and says in which file',
  async (command) => {
    const { exitCode, stderr, stdout } = await firebreak('policy', command, PATCH, '--baseline', PATCH);
    expect(exitCode).toBe(2);
    expect(stderr + stdout).toMatch(/baseline\.trunk: It is missing/);
  },
);
