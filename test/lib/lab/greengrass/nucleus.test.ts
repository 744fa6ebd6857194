import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { until } from '../../../components/host/until.ts';
import { newClient } from './ipc/client.ts';
import { TestTruck } from './truck.ts';

jest.setTimeout(90_000);
let truck: TestTruck;
beforeEach(async () => {
  truck = new TestTruck();
  await truck.start();
});
afterEach(() => truck.end());

/** Runs until it is told to end, and writes down what happens. */
const run = 'echo run >>steps; trap "echo term >>steps; exit 0" TERM; while :; do sleep 0.05; done';
/** So that steps of several components have one order. */
const note = (word: string) => `echo ${word} >>../../order`;
const order = () => truck.lines('..', 'order');
const transitions = (name: string) =>
  truck.log.filter((line) => line.startsWith(`${name}: lifecycle: `)).map((line) => line.replace(/^.*lifecycle: /, ''));

test('a component is installed, runs, and is ended with SIGTERM', async () => {
  truck.component('a', '1.0.0', { install: 'echo install >>steps', run, shutdown: 'echo shutdown >>steps' });
  expect(await truck.deploy({ a: '1.0.0' })).toMatchObject({ status: 'SUCCEEDED', detailedStatus: 'SUCCESSFUL' });
  await until('it runs', () => truck.lines('a', 'steps').includes('run'));
  await truck.stop();
  expect(truck.lines('a', 'steps')).toEqual(['install', 'run', 'shutdown', 'term']);
  expect(transitions('a')).toEqual([
    ...['NEW → INSTALLED', 'INSTALLED → STARTING', 'STARTING → RUNNING'],
    ...['RUNNING → STOPPING', 'STOPPING → INSTALLED', 'INSTALLED → FINISHED'],
  ]);
});

test('startup is RUNNING when it has ended with 0', async () => {
  truck.component('a', '1.0.0', { startup: 'sleep 0.2; echo up >>steps' });
  await truck.deploy({ a: '1.0.0' });
  expect([truck.state('a'), truck.lines('a', 'steps')]).toEqual(['RUNNING', ['up']]);
});

test('startup is RUNNING when it says so by UpdateState, and ERRORED likewise; it is found by its token', async () => {
  truck.component('a', '1.0.0', { startup: 'echo $SVCUID >token; exec sleep 600', shutdown: 'echo shutdown >>steps' });
  const deployed = truck.deploy({ a: '1.0.0' });
  await until('it has a token', () => truck.lines('a', 'token').length === 1);
  expect(truck.state('a')).toBe('STARTING');
  const client = newClient(join(truck.root, 'ipc.socket'), truck.lines('a', 'token')[0] ?? '');
  await client.connect();
  await client.updateState({ state: 'RUNNING' as never });
  expect(await deployed).toMatchObject({ status: 'SUCCEEDED' });
  await client.updateState({ state: 'ERRORED' as never });
  await until('it starts again', () => transitions('a').filter((line) => line === 'INSTALLED → STARTING').length === 2);
  expect(transitions('a')).toEqual(expect.arrayContaining(['RUNNING → ERRORED', 'ERRORED → STOPPING']));
  expect(truck.lines('a', 'steps')).toEqual(['shutdown']);
  await client.close();
});

test('without startup and run there is nothing to do but be FINISHED; a run that ends with 0 is, too', async () => {
  truck.component('a', '1.0.0', { install: 'true' });
  truck.component('b', '1.0.0', { run: 'true' });
  await truck.deploy({ a: '1.0.0', b: '1.0.0' });
  await truck.reaches('a', 'FINISHED');
  await truck.reaches('b', 'FINISHED');
});

test('a process that dies is started again, after recover', async () => {
  truck.component('a', '1.0.0', { run: 'echo $$ >>pids; exec sleep 600', recover: 'echo recover >>steps' });
  await truck.deploy({ a: '1.0.0' });
  await until('it runs', () => truck.lines('a', 'pids').length === 1);
  process.kill(Number(truck.lines('a', 'pids')[0]), 'SIGKILL');
  await until('it runs again', () => truck.lines('a', 'pids').length === 2);
  await truck.reaches('a', 'RUNNING');
  expect(truck.lines('a', 'steps')).toEqual(['recover']);
});

test('three errors in a row, and it is BROKEN; nothing of it is left', async () => {
  truck.component('a', '1.0.0', { run: 'sleep 601 & echo $! >>pids; sleep 0.05; exit 3' });
  await truck.deploy({ a: '1.0.0' }, { failureHandlingPolicy: 'DO_NOTHING' });
  await truck.reaches('a', 'BROKEN');
  await until('nothing is left', () => truck.lines('a', 'pids').every((pid) => !existsSync(`/proc/${pid}/root`)));
  expect(truck.lines('a', 'pids')).toHaveLength(3);
});

test('who doesn’t end on SIGTERM gets SIGKILL five seconds later', async () => {
  truck.component('a', '1.0.0', { run: 'trap "" TERM; echo $$ >pid; while :; do sleep 0.1; done' });
  await truck.deploy({ a: '1.0.0' });
  await until('it runs', () => truck.lines('a', 'pid').length === 1);
  const begun = performance.now();
  await truck.stop();
  expect(performance.now() - begun).toBeGreaterThan(4_900);
  await until('it is gone', () => !existsSync(`/proc/${truck.lines('a', 'pid')[0]}`));
});

test('a step that takes too long is an error', async () => {
  truck.component('a', '1.0.0', { startup: { Script: 'sleep 600', Timeout: 1 } });
  const outcome = await truck.deploy({ a: '1.0.0' });
  expect(outcome).toMatchObject({
    status: 'FAILED',
    detailedStatus: 'FAILED_ROLLBACK_COMPLETE',
    reason: 'a is BROKEN',
  });
  expect(truck.log.join('\n')).toMatch(/a: lifecycle: error while STARTING: it took too long/);
});

test('scripts get their environment and variables, and Skipif skips', async () => {
  const more = { ComponentConfiguration: { DefaultConfiguration: { word: 'hello', map: { list: [1] } } } };
  const install = {
    Script:
      'echo "$A|$B|$AWS_IOT_THING_NAME|$AWS_REGION|$GG_ROOT_CA_PATH|{configuration:/word}|{configuration:/map}|{iot:thingName}|{work:path}|{kernel:rootPath}" >out',
    Setenv: { B: '{configuration:/word}' },
  };
  truck.component(
    'a',
    '1.0.0',
    { Setenv: { A: 1, B: 2 }, install, run: { Script: 'echo no >skipped', Skipif: 'onpath sh' } },
    more,
  );
  await truck.deploy({ a: '1.0.0' });
  const words = [
    '1',
    'hello',
    'truck-1',
    'eu-central-1',
    '/ca.pem',
    'hello',
    '{list:[1]}',
    'truck-1',
    `${truck.root}/work/a`,
    truck.root,
  ];
  expect(truck.lines('a', 'out')).toEqual([words.join('|')]);
  expect(truck.lines('a', 'skipped')).toEqual([]);
});

test('artifacts are where the variables say, archives unpacked and executable as the recipe permits', async () => {
  const zip = zipSync({ 'bin/hello': strToU8('#!/bin/sh\necho hello from $0\n'), 'data.txt': strToU8('data') });
  const lifecycle = { run: '{artifacts:decompressedPath}/tools/bin/hello >out; cat {artifacts:path}/plain.txt >>out' };
  truck.component('a', '1.0.0', lifecycle, {}, { 'tools.zip': zip, 'plain.txt': 'plain\n' });
  await truck.deploy({ a: '1.0.0' });
  await truck.reaches('a', 'FINISHED');
  const path = join(truck.root, 'packages/artifacts-unarchived/a/1.0.0/tools/bin/hello');
  expect(truck.lines('a', 'out')).toEqual([`hello from ${path}`, 'plain']);
});

test('a dependency starts before and stops after who depends on it; its own dependency’s artifacts can be named', async () => {
  const on = (name: string, DependencyType = 'HARD') => ({
    ComponentDependencies: { [name]: { VersionRequirement: '^1.0.0', DependencyType } },
  });
  truck.component(
    'z',
    '1.0.0',
    { startup: `sleep 0.3; ${note('z-up')}`, shutdown: note('z-down') },
    {},
    { 'lib.txt': 'lib' },
  );
  truck.component(
    'a',
    '1.0.0',
    { startup: `cat {z:artifacts:path}/lib.txt && ${note('a-up')}`, shutdown: note('a-down') },
    on('z'),
  );
  await truck.deploy({ a: '1.0.0' });
  await truck.stop();
  expect(order()).toEqual(['z-up', 'a-up', 'a-down', 'z-down']);
});

test('who depends HARD is restarted with his dependency, who depends SOFT isn’t', async () => {
  const on = (DependencyType: string) => ({
    ComponentDependencies: { z: { VersionRequirement: '^1.0.0', DependencyType } },
  });
  truck.component('z', '1.0.0', { run: 'echo $$ >pid; exec sleep 600' });
  truck.component('hard', '1.0.0', { startup: 'echo up >>steps', shutdown: 'echo down >>steps' }, on('HARD'));
  truck.component('soft', '1.0.0', { startup: 'echo up >>steps', shutdown: 'echo down >>steps' }, on('SOFT'));
  await truck.deploy({ hard: '1.0.0', soft: '1.0.0' });
  await until('it runs', () => truck.lines('z', 'pid').length === 1);
  process.kill(Number(truck.lines('z', 'pid')[0]), 'SIGKILL');
  await until('it was restarted', () => truck.lines('hard', 'steps').length === 3);
  expect(truck.lines('hard', 'steps')).toEqual(['up', 'down', 'up']);
  expect(truck.lines('soft', 'steps')).toEqual(['up']);
});

describe('deployments', () => {
  test('a configuration is reset, then merged; the component hears of it and is not restarted', async () => {
    const more = { ComponentConfiguration: { DefaultConfiguration: { level: 1, list: [1, 2], keep: { a: 1 } } } };
    truck.component('a', '1.0.0', { run: `echo $SVCUID >token; ${run}` }, more);
    await truck.deploy({ a: { componentVersion: '1.0.0', configurationUpdate: { merge: { level: 2, own: true } } } });
    await until('it runs', () => truck.lines('a', 'token').length === 1);
    const client = newClient(join(truck.root, 'ipc.socket'), truck.lines('a', 'token')[0] ?? '');
    await client.connect();
    expect((await client.getConfiguration({ keyPath: [] })).value).toEqual({
      level: 2,
      list: [1, 2],
      keep: { a: 1 },
      own: true,
    });
    const heard: unknown[] = [];
    await client
      .subscribeToConfigurationUpdate({ keyPath: [] })
      .on('message', ({ configurationUpdateEvent }) => heard.push(configurationUpdateEvent?.keyPath))
      .activate();
    const configurationUpdate = { reset: ['/level', '/own'], merge: '{"list":[3]}' };
    await truck.deploy({ a: { componentVersion: '1.0.0', configurationUpdate } });
    await until('it hears of it', () => heard.length === 3);
    expect((await client.getConfiguration({ keyPath: [] })).value).toEqual({ level: 1, list: [3], keep: { a: 1 } });
    expect(truck.lines('a', 'steps')).toEqual(['run']);
    await client.close();
  });

  test('{iot:thingName} in a configuration counts only if the nucleus is told so', async () => {
    const more = { ComponentConfiguration: { DefaultConfiguration: { topic: 'x/{iot:thingName}' } } };
    truck.component('a', '1.0.0', { run: 'echo "{configuration:/topic}" >>topics' }, more);
    await truck.deploy({ a: '1.0.0' });
    await truck.reaches('a', 'FINISHED');
    truck.component('a', '1.0.1', { run: 'echo "{configuration:/topic}" >>topics' }, more);
    const nucleus = {
      componentVersion: '2.14.0',
      configurationUpdate: { merge: { interpolateComponentConfiguration: true } },
    };
    await truck.deploy({ a: '1.0.1', 'aws.greengrass.Nucleus': nucleus });
    await truck.reaches('a', 'FINISHED');
    expect(truck.lines('a', 'topics')).toEqual(['x/{iot:thingName}', 'x/truck-1']);
  });

  test('a new version is bootstrapped and replaces the old; what is no longer named goes', async () => {
    const lifecycle = (version: string) => ({
      bootstrap: `echo bootstrap ${version} >>boot`,
      run,
      shutdown: `echo down ${version} {artifacts:path} >>boot`,
    });
    truck.component('a', '1.0.0', lifecycle('1'));
    truck.component('a', '1.1.0', lifecycle('2'));
    truck.component('b', '1.0.0', { run, shutdown: 'echo down >>steps' });
    await truck.deploy({ a: '1.0.0', b: '1.0.0' });
    await truck.deploy({ a: '1.1.0' });
    expect(truck.lines('a', 'boot')).toEqual([
      'bootstrap 1',
      `down 1 ${truck.root}/packages/artifacts/a/1.0.0`,
      'bootstrap 2',
    ]);
    expect(truck.nucleus.status().components.map(({ name }) => name)).not.toContain('b');
    expect(truck.lines('b', 'steps')).toContain('down');
    const versions = (name: string) => readdirSync(join(truck.root, 'packages/artifacts', name));
    expect([versions('a'), versions('b')]).toEqual([['1.1.0'], []]);
    expect(truck.state('a')).toBe('RUNNING');
  });

  test('a new version that breaks is rolled back, with its configuration', async () => {
    truck.component(
      'a',
      '1.0.0',
      { run: `echo "{configuration:/x}" >>xs; ${run}` },
      { ComponentConfiguration: { DefaultConfiguration: { x: 1 } } },
    );
    truck.component('a', '2.0.0', { startup: 'exit 1' });
    await truck.deploy({ a: '1.0.0' });
    const outcome = await truck.deploy({ a: { componentVersion: '2.0.0', configurationUpdate: { merge: { x: 2 } } } });
    expect(outcome).toMatchObject({
      status: 'FAILED',
      detailedStatus: 'FAILED_ROLLBACK_COMPLETE',
      reason: 'a is BROKEN',
    });
    await until('the old one runs', () => truck.lines('a', 'xs').length === 2);
    expect(truck.lines('a', 'xs')).toEqual(['1', '1']);
    expect(truck.nucleus.status().components).toContainEqual({ name: 'a', version: '1.0.0', state: 'RUNNING' });
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'a version that isn’t there',
      () => ({ components: { a: { componentVersion: '9.0.0' } } }),
      /a: the deployment requires =9.0.0; there is 1.0.0/,
    ],
    ['a document that is none', () => ({ components: { a: '1.0.0' } }), /components/],
    [
      'a recipe that is wrong',
      () => {
        truck.component('bad', '1.0.0', { run: 'x' }, { Extra: 1 });
        return { components: { a: { componentVersion: '1.0.0' } } };
      },
      /bad-1.0.0.yaml: Extra: no key of recipes/,
    ],
    [
      'an artifact that isn’t there',
      () => {
        truck.component('c', '1.0.0', { run: 'x' }, {}, { 'x.txt': 'x' });
        return { components: { c: { componentVersion: '1.0.0' } } };
      },
      /ENOENT.*x.txt/,
    ],
  ])('%s changes nothing', async (what, document, reason) => {
    truck.component('a', '1.0.0', { run });
    await truck.deploy({ a: '1.0.0' });
    const asked = document();
    if (what.startsWith('an artifact')) {
      rmSync(join(truck.store.artifacts, 'c/1.0.0/x.txt'));
    }
    const outcome = await truck.nucleus.deploy(asked, truck.store);
    expect(outcome).toMatchObject({ status: 'FAILED', detailedStatus: 'FAILED_NO_STATE_CHANGE' });
    expect(outcome.reason).toMatch(reason);
    expect(truck.lines('a', 'steps')).toEqual(['run']);
    expect(truck.state('a')).toBe('RUNNING');
  });

  test('a component can defer an update; it is asked again', async () => {
    truck.component('a', '1.0.0', { run: `echo $SVCUID >token; ${run}` });
    await truck.deploy({ a: '1.0.0' });
    await until('it runs', () => truck.lines('a', 'token').length === 1);
    const client = newClient(join(truck.root, 'ipc.socket'), truck.lines('a', 'token')[0] ?? '');
    await client.connect();
    const asked: number[] = [];
    const told: unknown[] = [];
    const stream = client.subscribeToComponentUpdates({}).on('message', ({ preUpdateEvent, postUpdateEvent }) => {
      if (postUpdateEvent !== undefined) told.push(postUpdateEvent);
      if (preUpdateEvent === undefined) return;
      asked.push(performance.now());
      const recheckAfterMs = asked.length === 1 ? 300 : 0;
      void client.deferComponentUpdate({ deploymentId: preUpdateEvent.deploymentId, recheckAfterMs });
    });
    await stream.activate();
    await truck.deploy({ a: '1.0.0' });
    expect(asked).toHaveLength(2);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThan(290);
    await until('the end is told', () => told.length === 1);
    await client.close();
  });

  test('shadow manager’s configuration says what is synchronised', async () => {
    const synchronize = {
      coreThing: { classic: false, namedShadows: ['network'] },
      direction: 'betweenDeviceAndCloud',
    };
    await truck.deploy({
      'aws.greengrass.ShadowManager': { componentVersion: '2.3.9', configurationUpdate: { merge: { synchronize } } },
    });
    await until('it subscribes', () => truck.cloud.subscribed.length > 0);
    expect(truck.cloud.subscribed).toContain('$aws/things/truck-1/shadow/name/network/update/accepted');
    expect(truck.cloud.subscribed.join()).not.toContain('shadow/update');
  });
});

test('after a restart it starts again what was deployed, with the configuration as it was', async () => {
  const more = { ComponentConfiguration: { DefaultConfiguration: { x: 1 } } };
  truck.component('a', '1.0.0', { run: `echo "{configuration:/x}" >>xs; ${run}` }, more);
  await truck.deploy({ a: { componentVersion: '1.0.0', configurationUpdate: { merge: { x: 5 } } } });
  await truck.stop();
  await truck.start();
  await truck.reaches('a', 'RUNNING');
  await until('it runs again', () => truck.lines('a', 'xs').length === 2);
  expect(truck.lines('a', 'xs')).toEqual(['5', '5']);
  expect(readdirSync(join(truck.root, 'packages/artifacts'))).toEqual(['a']);
});
