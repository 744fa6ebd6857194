import { TestClient } from './client.ts';
import { Device } from './device.ts';
import { shadowTopics, type TestCloud, testCloud } from './support.ts';

/** AWS's own device SDK, with a thing's certificate, by either protocol. */
jest.setTimeout(60_000);

let run: TestCloud;
beforeAll(async () => {
  run = await testCloud();
});
afterAll(async () => {
  await run?.end();
});

describe.each([
  ['MQTT 5', 'sdk-5'],
  ['MQTT 3.1.1', 'sdk-3'],
] as const)('%s', (protocol, shadowName) => {
  const name = { thingName: 'truck-1', shadowName };
  let device: Device;
  beforeAll(async () => {
    device = await Device.connect(run.cloud, run.directory, protocol, 'truck-1');
  });
  afterAll(async () => {
    await device?.end();
  });

  test('a shadow is updated, read and deleted', async () => {
    const state = { reported: { applied: 1, list: ['a'] } };
    const updated = await device.ask('update', { ...name, state });
    expect(updated).toMatchObject({ state, version: 1, timestamp: expect.any(Number) });
    expect(await device.ask('get', name)).toMatchObject({ state, version: 1 });
    expect(await device.ask('delete', name)).toMatchObject({ version: 1 });
  });

  test('errors have AWS’s code and message', async () => {
    const none = { ...name, shadowName: 'none' };
    const error = (code: number, message: string) => ({ error: { code, message } });
    expect(await device.ask('get', none)).toMatchObject(error(404, 'No shadow exists with name: none'));
    await device.ask('update', { ...name, state: { reported: { a: 1 } } });
    for (const [request, code, message] of [
      [{ version: 99, state: { reported: {} } }, 409, 'Version conflict'],
      [{ state: { reported: { a: 'x'.repeat(9000) } } }, 413, 'The payload exceeds the maximum size allowed'],
      [{}, 400, 'Missing required node: state'],
    ] as const) {
      expect(await device.ask('update', { ...name, ...request })).toMatchObject(error(code, message));
    }
  });

  test('what the operator desires arrives as a delta, and each update as documents', async () => {
    await device.ask('listen', name);
    const operator = await TestClient.connect(run.cloud);
    await operator.publish(`${shadowTopics('truck-1', shadowName)}/update`, { state: { desired: { flows: [3] } } });
    expect(await device.next('delta')).toMatchObject({ state: { flows: [3] }, version: expect.any(Number) });
    expect(await device.next('updated')).toMatchObject({ current: { state: { desired: { flows: [3] } } } });
    await operator.end();
  });

  test('another thing’s shadow is not answered', async () => {
    const others = await device.ask('get', { thingName: 'truck-2', shadowName: 'secret' });
    expect(others).toEqual({ id: expect.any(Number), error: expect.stringMatching(/./) });
  });
});
