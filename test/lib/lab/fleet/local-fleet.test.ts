import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ARCHIVE } from '../../../../lib/lab/cloud/account/s3/archive.ts';
import { LocalFleet } from '../../../../lib/lab/fleet/local-fleet.ts';
import { bundle } from '../../../components/bundle.ts';
import { until } from '../../../components/host/until.ts';
import { firebreak } from '../../cli/support.ts';

/** A fleet over the real broker, managed by the command line's own commands and AWS's clients. The bench does the same with 10,000 trucks. */
jest.setTimeout(300_000);

const TRUCKS = 120;
const AWAY = 6;
const OLD = { 'com.firebreak.NetworkManager': '1.0.0' };
const NEW = 'com.firebreak.NetworkManager 2.0.0';

const directory = mkdtempSync(join(tmpdir(), 'firebreak-local-fleet-'));
const before = { ...process.env };
let fleet: LocalFleet;
beforeAll(async () => {
  const build = join(directory, 'build');
  bundle("import './lib/lab/cloud/process.ts';", join(build, 'cloud', 'cloud.cjs'));
  bundle("import './lib/lab/fleet/process.ts';", join(build, 'simulator', 'simulator.cjs'));
  fleet = await LocalFleet.start({
    ...{ directory: join(directory, 'cloud'), host: `127.89.${(process.pid >> 8) & 255}.${process.pid & 255 || 1}` },
    ...{ trucks: TRUCKS, shares: { breached: 2, rollingBack: 0, failing: 20 }, applyMs: 20, build },
    ...{ components: OLD, abortAfter: 20 },
  });
  Object.assign(process.env, fleet.environment);
});
afterAll(async () => {
  await fleet?.end();
  process.env = before;
  rmSync(directory, { recursive: true });
});

const settled = (isSo: (look: Awaited<ReturnType<LocalFleet['look']>>) => boolean, what: string) =>
  until(what, async () => isSo(await fleet.look()), 120_000);

test('a policy reaches all that are online, and the others when they come back', async () => {
  const away = fleet.things.slice(-AWAY);
  await fleet.connect(fleet.things.slice(0, -AWAY));
  const { exitCode } = await firebreak(
    ...['fleet', 'policy', 'set', 'examples/article.yaml', '--group', 'firebreak-lab-trucks', '--yes', '--rate', '500'],
  );
  expect(exitCode).toBe(0);
  await settled(({ statuses }) => statuses.applied === TRUCKS - AWAY, 'all that are online have it');
  expect((await fleet.look()).statuses).toEqual({ applied: TRUCKS - AWAY, 'no-policy': AWAY });
  await fleet.connect(away);
  await settled(({ statuses, quiet }) => statuses.applied === TRUCKS && quiet === TRUCKS, 'all have it');
});

test('what trucks say is what the index counts', async () => {
  const { exitCode, stdout } = await firebreak('fleet', 'status', '--json');
  expect(exitCode).toBe(1);
  const { trucks, verdicts, statuses } = JSON.parse(stdout);
  const breached = verdicts.breached ?? 0;
  expect(breached).toBeGreaterThanOrEqual(1);
  expect({ trucks, verdicts, statuses }).toEqual({
    ...{ trucks: TRUCKS, statuses: { applied: TRUCKS } },
    verdicts: { isolated: TRUCKS - breached, breached },
  });
});

test('who is away is seen', async () => {
  const [gone = ''] = fleet.things;
  await fleet.disconnect([gone]);
  await until('the index knows', async () => {
    const { stdout } = await firebreak('fleet', 'trucks', '--where', 'connected:false', '--json');
    return stdout.includes(gone);
  });
  await fleet.connect([gone]);
});

test('every measurement is in the archive, whole', async () => {
  await settled(({ quiet }) => quiet === TRUCKS, 'all is said');
  const out = join(directory, 'evidence.jsonl');
  const from = new Date(Date.now() - 3_600_000).toISOString();
  const { exitCode } = await firebreak('fleet', 'evidence', '--bucket', ARCHIVE, '--from', from, '--out', out);
  expect(exitCode).toBe(0);
  expect(readFileSync(out, 'utf8').trim().split('\n').length).toBe(TRUCKS);
});

test('a rollout on which too many fail is given up, and the ring is led back', async () => {
  const components = join(directory, 'components.json');
  writeFileSync(components, JSON.stringify([{ name: 'com.firebreak.NetworkManager', version: '2.0.0' }]));
  const rollout = (...words: readonly string[]) => firebreak('fleet', 'rollout', ...words, '--ring', 'fleet', '--json');
  // What the ring runs now is the way back.
  const first = JSON.parse((await rollout('watch', '--timeout', '0')).stdout).deployment;
  expect((await rollout('start', '--components', components, '--yes')).exitCode).toBe(0);
  const watched = await rollout('watch', '--every', '0.2', '--timeout', '120');
  expect(watched.exitCode).toBe(1);
  let { counts } = JSON.parse(watched.stdout);
  expect(counts).toMatchObject({ isCancelled: true, reason: 'ABORT_THRESHOLD_EXCEEDED' });
  // Who had begun goes on.
  await until('nobody is under way', async () => {
    counts = JSON.parse((await rollout('watch', '--timeout', '0')).stdout).counts;
    return counts.inProgress === 0;
  });
  // Some have it, some were spared.
  expect(counts.succeeded).toBeGreaterThan(10);
  expect(counts.cancelled).toBeGreaterThan(0);
  await settled(({ components: run }) => run[NEW] === counts.succeeded, 'those that have it run it');
  expect((await rollout('start', '--deployment', first, '--yes')).exitCode).toBe(0);
  expect((await rollout('watch', '--every', '0.2', '--timeout', '120')).exitCode).toBe(0);
  expect((await fleet.look()).components).toEqual({ 'com.firebreak.NetworkManager 1.0.0': TRUCKS });
});

test('nothing that trucks have asked is without an answer, and nothing was refused', async () => {
  await settled(({ quiet }) => quiet === TRUCKS, 'all is said');
  const { asked, answered, refused } = (await fleet.look()).tally;
  expect({ answered, refused }).toEqual({ answered: asked, refused: 0 });
});
