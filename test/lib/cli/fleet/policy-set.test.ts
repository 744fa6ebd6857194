import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { fleetGroup, ringGroup } from '../../../../lib/fleet/names.ts';
import { Endpoint, useLabCredentials } from '../../lab/cloud/account/endpoint.ts';
import { EXAMPLES } from '../../truck/support.ts';
import { firebreak } from '../support.ts';

const asked = jest.fn<Promise<string>, [string]>();
jest.mock('node:readline/promises', () => ({
  createInterface: () => ({ question: (text: string) => asked(text), close: () => undefined, once: () => undefined }),
}));

/** `fleet policy set` by AWS's own clients against the lab's account. */
jest.setTimeout(120_000);
useLabCredentials();

const ARTICLE = join(EXAMPLES, 'article.yaml');
const article = parse(readFileSync(ARTICLE, 'utf8'));
let endpoint: Endpoint;
beforeEach(async () => {
  endpoint = await Endpoint.start();
});
afterEach(async () => {
  asked.mockReset();
  await endpoint.end();
});
const set = (...words: readonly string[]) =>
  firebreak('fleet', 'policy', 'set', ...words, '--endpoint', endpoint.url, '--rate', '10000');
const toGroup = (...words: readonly string[]) => set(ARTICLE, '--group', fleetGroup('lab'), ...words);
const desiredOf = (thing: string) => endpoint.stateOf(thing, 'network').desired as Record<string, unknown> | undefined;
const fleetOf = async (trucks: number) => {
  for (let index = 0; index < trucks; index++) await endpoint.truck(`truck-${index}`, 'fleet');
};
const writes = () => endpoint.requests.filter(({ method, url }) => method === 'POST' && url.includes('/shadow'));

test('writes a policy for every truck of a group, under one number, and for no other', async () => {
  await endpoint.truck('truck-1', 'canary');
  await endpoint.truck('truck-2', 'canary');
  await endpoint.truck('truck-3', 'early');
  await endpoint.shadow('truck-2', 'network', { desired: { policy: { version: 1 }, sequence: 5 } });
  const { exitCode, stdout } = await set(ARTICLE, '--group', ringGroup('lab', 'canary'), '--yes');
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^desired of 2 trucks: revision 6-\w{12}: 2 written/),
  });
  expect(desiredOf('truck-1')).toEqual({ policy: article, thing: 'truck-1', sequence: 6 });
  expect(desiredOf('truck-2')).toEqual({ policy: article, thing: 'truck-2', sequence: 6 });
  expect(desiredOf('truck-3')).toBeUndefined();
});

test('writes a policy for the trucks of a depot, whatever their ring', async () => {
  await endpoint.truck('truck-1', 'canary', {}, 'north');
  await endpoint.truck('truck-2', 'early', {}, 'north');
  await endpoint.truck('truck-3', 'canary', {}, 'south');
  await endpoint.truck('truck-4', 'canary');
  const { exitCode, stdout } = await set(ARTICLE, '--depot', 'north', '--yes', '--json');
  expect([exitCode, JSON.parse(stdout)]).toMatchObject([0, { trucks: 2, written: 2 }]);
  expect(['truck-1', 'truck-2', 'truck-3', 'truck-4'].map((thing) => desiredOf(thing) !== undefined)).toEqual([
    ...[true, true],
    ...[false, false],
  ]);
});

test('of a group of several pages reaches each truck once, and a second time writes nothing', async () => {
  await fleetOf(520);
  const { exitCode, stdout } = await toGroup('--yes', '--json');
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ trucks: 520, written: 520, done: 0, left: 0, changed: [], failed: [] });
  expect(writes()).toHaveLength(520);
  expect(JSON.parse((await toGroup('--yes', '--json')).stdout)).toMatchObject({ written: 0, done: 520 });
  expect(writes()).toHaveLength(520);
});

test('says what it opens and closes, once for trucks that are alike, before it asks', async () => {
  await fleetOf(3);
  const flows = { pump: { from: 'container1', to: 'container2', protocol: 'tcp', ports: [443] } };
  for (const thing of ['truck-1', 'truck-2'])
    await endpoint.shadow(thing, 'network', { desired: { policy: { ...article, flows }, thing, sequence: 4 } });
  asked.mockResolvedValue('n');
  Object.defineProperty(process.stdin, 'isTTY', { value: true, configurable: true });
  const { exitCode, stderr } = await toGroup();
  Object.defineProperty(process.stdin, 'isTTY', { value: undefined, configurable: true });
  expect(exitCode).toBe(1);
  expect(asked).toHaveBeenCalledWith(expect.stringMatching(/revision 5-\w{12}: write it for 3 of 3 trucks\?/));
  expect(stderr).toContain('1 truck (truck-0): nothing is desired now');
  expect(stderr).toMatch(
    /2 trucks \(truck-1, …\): now \w{12}\n {2}closes container1 → container2 tcp\/443 \(flow pump\)/,
  );
  expect(stderr).toMatch(/opens container1 → device1 icmp \(both are in segment br0net\)/);
  expect(writes()).toHaveLength(0);
});

test('--dry-run writes nothing, and gives the difference as JSON', async () => {
  await fleetOf(2);
  const flows = { pump: { from: 'container1', to: 'container2', protocol: 'tcp', ports: [443] } };
  await endpoint.shadow('truck-0', 'network', { desired: { policy: { ...article, flows }, thing: 'truck-0' } });
  const { exitCode, stdout } = await toGroup('--dry-run', '--json');
  expect(exitCode).toBe(0);
  const { differences } = JSON.parse(stdout);
  expect(differences).toHaveLength(2);
  const changes = differences.find(({ present }: { present: string | null }) => present !== null);
  expect(changes.difference).toMatchObject({
    ...{ opened: [], closed: [{ from: 'container1', to: 'container2', probe: 'tcp/443', because: 'flow pump' }] },
  });
  expect(writes()).toHaveLength(0);
});

test('asks nobody where nobody is', async () => {
  await fleetOf(1);
  expect(await toGroup()).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--yes') });
});

describe('when something goes wrong', () => {
  test('for some trucks, the others get it, and the same command again goes on with the rest', async () => {
    await fleetOf(30);
    await endpoint.shadow('truck-3', 'network', { desired: { policy: { version: 1 }, sequence: 8 } });
    const broken = new Set(['truck-7', 'truck-21']);
    endpoint.intercept = ({ method, url }) =>
      method === 'POST' && broken.has(/^\/things\/(truck-\d+)\/shadow/.exec(url)?.[1] ?? '')
        ? { status: 400, type: 'InvalidRequestException' }
        : undefined;
    const first = await toGroup('--yes', '--json');
    expect(first.exitCode).toBe(1);
    const told = JSON.parse(first.stdout);
    expect(told).toMatchObject({ sequence: 9, written: 28, left: 0 });
    expect(told.failed.map(({ thing }: { thing: string }) => thing).sort()).toEqual(['truck-21', 'truck-7']);
    broken.clear();
    const second = await toGroup('--yes', '--json');
    expect(second.exitCode).toBe(0);
    expect(JSON.parse(second.stdout)).toMatchObject({ sequence: 9, written: 2, done: 28, failed: [] });
    expect(desiredOf('truck-7')).toMatchObject({ sequence: 9 });
  });

  test('and it is interrupted, it stops in good order, and the same command again goes on under the same number', async () => {
    await fleetOf(120);
    await endpoint.shadow('truck-110', 'network', { desired: { policy: { version: 1 }, sequence: 3 } });
    let seen = 0;
    endpoint.intercept = ({ method, url }) => {
      if (method === 'POST' && url.includes('/shadow') && ++seen === 40) process.emit('SIGINT');
      return undefined;
    };
    const first = await toGroup('--yes', '--json');
    const told = JSON.parse(first.stdout);
    expect(first.exitCode).toBe(1);
    expect(told.written).toBeGreaterThanOrEqual(40);
    expect(told.left).toBe(120 - told.written);
    expect(told.left).toBeGreaterThan(0);
    endpoint.intercept = () => undefined;
    const second = JSON.parse((await toGroup('--yes', '--json')).stdout);
    expect(second).toMatchObject({ sequence: told.sequence, done: told.written, written: told.left, left: 0 });
    expect(writes().filter(({ status }) => status === 200)).toHaveLength(120);
  });

  test('and the cloud throttles, all trucks get it all the same', async () => {
    await endpoint.end();
    endpoint = await Endpoint.start({ SearchIndex: 1 });
    await fleetOf(60);
    let count = 0;
    endpoint.intercept = ({ url }) =>
      url.includes('/shadow') && ++count % 10 === 0 ? { status: 429, type: 'ThrottlingException' } : undefined;
    const { exitCode, stdout } = await toGroup('--yes', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ written: 60, failed: [] });
    expect(endpoint.requests.filter(({ status }) => status === 429).length).toBeGreaterThan(8);
  });

  test('and somebody else is quicker, his wish is left', async () => {
    await fleetOf(2);
    let isWritten = false;
    endpoint.intercept = ({ method, url }) => {
      if (method === 'POST' && url.startsWith('/things/truck-1/') && !isWritten) {
        isWritten = true;
        return { status: 409, type: 'ConflictException' };
      }
      return undefined;
    };
    const { exitCode, stdout } = await toGroup('--yes', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ written: 1, changed: ['truck-1'] });
    expect(desiredOf('truck-1')).toBeUndefined();
  });

  test('and somebody has desired something else since the difference was shown, that is left', async () => {
    await fleetOf(2);
    const other = { desired: { policy: { version: 1 }, thing: 'truck-1', sequence: 1 } };
    endpoint.intercept = ({ method, url }) => {
      if (method === 'GET' && url.startsWith('/things/truck-1/shadow'))
        void endpoint.shadow('truck-1', 'network', other);
      return undefined;
    };
    const { exitCode, stdout } = await toGroup('--yes', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ written: 1, changed: ['truck-1'], failed: [] });
    expect(desiredOf('truck-1')).toEqual(other.desired);
  });

  test('and nobody may write, it is said once and not for each', async () => {
    await fleetOf(100);
    endpoint.intercept = ({ method, url }) =>
      method === 'POST' && url.includes('/shadow') ? { status: 403, type: 'ForbiddenException' } : undefined;
    const { exitCode, stdout } = await toGroup('--yes', '--json');
    expect(exitCode).toBe(1);
    const { failed, left } = JSON.parse(stdout);
    expect(failed.length).toBeLessThanOrEqual(16);
    expect(left).toBe(100 - failed.length);
  });
});

describe('of a patch', () => {
  const patch = (...words: readonly string[]) =>
    set(join(EXAMPLES, 'truck-patch.yaml'), '--patch', '--thing', 'truck-0', 'truck-1', ...words);
  const BASELINE = ['--baseline', join(EXAMPLES, 'fleet-baseline.yaml')];

  test('writes a patch, checked with the baseline, and shows what the effective policies open', async () => {
    await fleetOf(3);
    const { exitCode, stdout, stderr } = await patch(...BASELINE, '--yes');
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^desired of 2 trucks: revision 1[23]-\w{12}/),
    });
    expect(stderr).toMatch(/opens /);
    expect(Object.keys(desiredOf('truck-1') ?? {})).toEqual(expect.arrayContaining(['thing', 'sequence']));
    expect(desiredOf('truck-2')).toBeUndefined();
  });

  test('says that without the baseline it can’t be told what changes', async () => {
    await fleetOf(2);
    const { exitCode, stderr } = await patch('--yes');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining('--baseline FILE') });
  });
});

test.each([
  ['neither a group nor trucks', [ARTICLE], 2, 'which trucks?'],
  ['a thing that can be none', [ARTICLE, '--thing', 'truck 1'], 2, 'It has 1 to 128'],
  ['a group without trucks', [ARTICLE, '--group', fleetGroup('lab'), '--yes'], 2, 'there are no such trucks'],
  ['a depot and a ring', [ARTICLE, '--depot', 'north', '--ring', 'canary'], 2, 'cannot be used with'],
  ['a group that there isn’t', [ARTICLE, '--group', 'nobody', '--yes'], 1, 'not found'],
  ['both a group and trucks', [ARTICLE, '--group', 'a', '--thing', 'b'], 2, 'cannot be used'],
  ['a file that there isn’t', ['nothing.yaml', '--group', fleetGroup('lab')], 2, "can't be read"],
])('with %s it is refused', async (_what, words, exitCode, why) => {
  expect(await set(...words)).toMatchObject({ exitCode, stderr: expect.stringContaining(why) });
});
