import { DEFAULT_STAGE, RINGS } from '../../../../lib/fleet/names.ts';
import { Endpoint, useLabCredentials } from '../../lab/cloud/account/endpoint.ts';
import { firebreak } from '../support.ts';

/** `fleet status` and `fleet trucks` by AWS's own clients against the lab's account. */
jest.setTimeout(60_000);
useLabCredentials();

let endpoint: Endpoint;
const start = async (perSecond = {}) => {
  await endpoint?.end();
  endpoint = await Endpoint.start(perSecond);
};
beforeEach(() => start());
afterAll(() => endpoint.end());
const fleet = (...words: readonly string[]) => firebreak('fleet', ...words, '--endpoint', endpoint.url);

const revision = (sequence: number) => ({ sequence, hash: 'aaaaaaaaaaaa', id: `${sequence}-aaaaaaaaaaaa` });
const reports = (verdict: string, sequence = 7) => ({
  network: { status: 'applied', revision: revision(sequence), agent: '1.0.0', at: '2026-11-25T09:30:00.000Z' },
  isolation: {
    ...{ verdict, revision: revision(sequence), counts: { 'as-expected': 28 } },
    measuredAt: '2026-11-25T09:30:00.000Z',
  },
});

describe('fleet status', () => {
  test('of a fleet that is proved isolated ends with 0', async () => {
    for (const ring of RINGS) await endpoint.truck(`truck-${ring}`, ring, reports('isolated'));
    const { exitCode, stdout } = await fleet('status');
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/^3 of 3 trucks are proved/) });
  });

  test('counts by verdict, ring, revision and status, and ends with 1', async () => {
    await endpoint.truck('truck-1', 'canary', reports('isolated', 8));
    await endpoint.truck('truck-2', 'canary', reports('breached', 8));
    await endpoint.truck('truck-3', 'early', reports('outage'));
    await endpoint.truck('truck-4', 'fleet', { network: { status: 'refused' } });
    const { exitCode, stdout, stderr } = await fleet('status', '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('3 of 4 trucks') });
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ trucks: 4, proved: 1, silent: 0, verdicts: { isolated: 1, breached: 1, outage: 1, unmeasured: 1 } },
      ...{ statuses: { applied: 3, refused: 1 } },
      ...{ revisions: { '8-aaaaaaaaaaaa': 2, '7-aaaaaaaaaaaa': 1, none: 1 } },
      rings: [
        { ring: 'canary', trucks: 2, verdicts: { isolated: 1, breached: 1 } },
        { ring: 'early', trucks: 1, verdicts: { outage: 1 } },
        { ring: 'fleet', trucks: 1, verdicts: { unmeasured: 1 } },
      ],
    });
  });

  test('believes no proof of a truck that has been silent for hours', async () => {
    await endpoint.truck('truck-1', 'canary');
    await endpoint.shadow('truck-1', 'isolation', { reported: { verdict: 'isolated' } }, Date.now() - 3 * 3_600_000);
    const { exitCode, stdout } = await fleet('status', '--json');
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ trucks: 1, verdicts: { isolated: 1 }, silent: 1, proved: 0 });
  });

  test('of a stage without trucks is no success', async () => {
    await endpoint.truck('truck-1', 'canary', reports('isolated'));
    const { exitCode, stderr } = await fleet('status', '--stage', 'other');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('no trucks of stage other') });
  });

  test('is about the stage that the stacks have, if none is named', async () => {
    delete process.env.FIREBREAK_STAGE;
    const { stderr } = await fleet('status');
    useLabCredentials();
    expect(stderr).toContain(`no trucks of stage ${DEFAULT_STAGE}`);
  });

  test('does not count things that are no trucks of the fleet', async () => {
    endpoint.account.things.set('lamp', { name: 'lamp', id: 'lamp', attributes: {}, version: 1, groups: [] });
    await endpoint.truck('truck-1', 'canary', reports('isolated'));
    expect(JSON.parse((await fleet('status', '--json')).stdout).trucks).toBe(1);
  });

  test('takes as many requests for thousands of trucks as for one', async () => {
    await endpoint.truck('truck-0', 'fleet', reports('isolated'));
    await fleet('status');
    const forOne = endpoint.requests.length;
    for (let index = 1; index < 3000; index++) await endpoint.truck(`truck-${index}`, 'fleet', reports('isolated'));
    expect((await fleet('status')).stdout).toMatch(/^3000 of 3000 trucks/);
    expect(endpoint.requests.length - forOne).toBe(forOne);
  });

  test('without custom fields says what is missing', async () => {
    endpoint.account.customFields.clear();
    const { exitCode, stderr } = await fleet('status');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('custom field') });
  });
});

describe('fleet trucks', () => {
  test('lists those that satisfy the condition, with short names', async () => {
    await endpoint.truck('truck-1', 'canary', reports('isolated'));
    await endpoint.truck('truck-2', 'canary', reports('breached'));
    await endpoint.truck('truck-3', 'early', reports('breached'), 'north');
    const list = async (...words: readonly string[]) =>
      JSON.parse((await fleet('trucks', '--json', ...words)).stdout).trucks.map(
        ({ thing }: { thing: string }) => thing,
      );
    expect(await list()).toEqual(['truck-1', 'truck-2', 'truck-3']);
    expect(await list('--where', 'verdict:breached')).toEqual(['truck-2', 'truck-3']);
    expect(await list('--where', 'ring:canary verdict:breached')).toEqual(['truck-2']);
    expect(await list('--where', 'depot:north')).toEqual(['truck-3']);
    expect(await list('--where', 'NOT verdict:breached OR thing:truck-3')).toEqual(['truck-1', 'truck-3']);
    const { exitCode, stdout } = await fleet('trucks', '--where', 'thing:truck-2');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/truck-2 +canary +applied +7-aaaaaaaaaaaa +breached +2026-11-25/);
  });

  test('by the thousand come page by page, as many as are wished for', async () => {
    for (let index = 0; index < 2400; index++) await endpoint.truck(`truck-${index}`, 'fleet', reports('isolated'));
    const all = JSON.parse((await fleet('trucks', '--json', '--limit', '5000')).stdout);
    expect([all.more, all.trucks.length]).toEqual([false, 2400]);
    expect(new Set(all.trucks.map(({ thing }: { thing: string }) => thing)).size).toBe(2400);
    expect(endpoint.asked('/indices/search')).toHaveLength(24);
    const some = JSON.parse((await fleet('trucks', '--json', '--limit', '120')).stdout);
    expect([some.more, some.trucks.length]).toEqual([true, 120]);
  });

  test('are listed whole though the cloud throttles', async () => {
    await start({ SearchIndex: 3 });
    for (let index = 0; index < 500; index++) await endpoint.truck(`truck-${index}`, 'fleet');
    endpoint.intercept = () => undefined;
    const { exitCode, stdout } = await fleet('trucks', '--json');
    expect([exitCode, JSON.parse(stdout).trucks.length]).toEqual([0, 500]);
    expect(endpoint.requests.some(({ status }) => status === 429)).toBe(true);
  });

  test.each([
    ['ring:everywhere', 2, 'there is no ring everywhere'],
    ['verdict:(', 1, 'Invalid query'],
  ])('refuse the condition %s', async (where, exitCode, why) => {
    expect(await fleet('trucks', '--where', where)).toMatchObject({ exitCode, stderr: expect.stringContaining(why) });
  });

  test('of a cloud that is not there end with 1', async () => {
    const { exitCode, stderr } = await firebreak('fleet', 'trucks', '--endpoint', 'http://127.0.0.1:1');
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining("can't be asked") });
  });
});
