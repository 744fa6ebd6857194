import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { LocalTopics } from '../../../../../lib/lab/greengrass/ipc/local-topics.ts';
import { mergeStates, patchBetween } from '../../../../../lib/lab/greengrass/shadow-manager/merge.ts';
import { ShadowManager } from '../../../../../lib/lab/greengrass/shadow-manager/shadow-manager.ts';
import { ShadowStore, type State } from '../../../../../lib/lab/greengrass/shadow-manager/store.ts';
import { Synchronisation } from '../../../../../lib/lab/greengrass/shadow-manager/synchronisation.ts';
import { exists, updateShadow } from '../../../../../lib/lab/shadow/shadow.ts';
import { until } from '../../../../components/host/until.ts';
import { FakeCloudShadows } from './fake-cloud-shadows.ts';

const NAME = { thing: 't', shadow: 'n' };
let directory: string;
let cloud: FakeCloudShadows;
let manager: ShadowManager;
let topics: LocalTopics;
let synchronisation: Synchronisation;
let log: string[];

function start(): void {
  topics = new LocalTopics();
  manager = new ShadowManager(new ShadowStore(directory), topics);
  synchronisation = new Synchronisation(manager, cloud, (line) => log.push(line));
  synchronisation.configure([NAME]);
}
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fb-shadows-'));
  cloud = new FakeCloudShadows();
  log = [];
  start();
});
jest.setTimeout(60_000);
afterEach(async () => {
  await synchronisation.stop();
  rmSync(directory, { recursive: true });
});

const write = (state: object) => manager.update(NAME, Buffer.from(JSON.stringify({ state })));
const here = () => {
  const { shadow } = manager.store.get(NAME);
  return exists(shadow) ? shadow.state : undefined;
};
const both = (state: unknown) =>
  until(`both are ${JSON.stringify(state)}, not ${JSON.stringify([here(), cloud.state('n')])}`, () => {
    const wanted = JSON.stringify(state);
    return JSON.stringify(here()) === wanted && JSON.stringify(cloud.state('n')) === wanted;
  });

test('what is reported here gets to the cloud, what is desired there gets here', async () => {
  await write({ reported: { a: 1 } });
  await both({ reported: { a: 1 } });
  cloud.write('n', { desired: { b: 2 } });
  await both({ desired: { b: 2 }, reported: { a: 1 } });
});

test('what the cloud desires is told on the local delta topic', async () => {
  const deltas: unknown[] = [];
  topics.subscribe('$aws/things/t/shadow/name/n/update/delta', 'c', (_, message) => {
    if ('binary' in message) deltas.push(JSON.parse(message.binary.toString()).state);
  });
  cloud.write('n', { desired: { b: 2 } });
  await until('it is told', () => deltas.length === 1);
  expect(deltas).toEqual([{ b: 2 }]);
});

test('in step, a change costs one request from here, and none from there', async () => {
  await write({ reported: { a: 1 } });
  await both({ reported: { a: 1 } });
  cloud.requests.length = 0;
  await write({ reported: { a: 2 } });
  await both({ reported: { a: 2 } });
  cloud.write('n', { desired: { a: 3 } });
  await both({ desired: { a: 3 }, reported: { a: 2 } });
  expect(cloud.requests).toEqual(['update']);
});

test('what is taken away is taken away on the other side', async () => {
  await write({ reported: { a: { x: 1, y: 1 } }, desired: { c: 1 } });
  await both({ desired: { c: 1 }, reported: { a: { x: 1, y: 1 } } });
  await write({ reported: { a: { x: null } } });
  await both({ desired: { c: 1 }, reported: { a: { y: 1 } } });
  cloud.write('n', { desired: null });
  await both({ reported: { a: { y: 1 } } });
});

test('after an outage what is reported comes from here and what is desired from there', async () => {
  await write({ desired: { x: 0, own: 0 }, reported: { x: 0, own: 0 } });
  await both({ desired: { x: 0, own: 0 }, reported: { x: 0, own: 0 } });
  cloud.isConnected = false;
  await write({ desired: { x: 1, own: 1 }, reported: { x: 1 } });
  cloud.write('n', { desired: { x: 2 }, reported: { x: 2, own: 2 } });
  cloud.reconnect();
  await both({ desired: { x: 2, own: 1 }, reported: { x: 1, own: 2 } });
});

test('what was missed during an outage is found, though no message tells it', async () => {
  await write({ reported: { a: 1 } });
  await both({ reported: { a: 1 } });
  cloud.isConnected = false;
  cloud.write('n', { desired: { a: 5 } });
  cloud.reconnect();
  await both({ desired: { a: 5 }, reported: { a: 1 } });
});

test('a message that got lost on the way is noticed at the next one', async () => {
  await write({ reported: { a: 1 } });
  await both({ reported: { a: 1 } });
  const deliver = cloud.deliver.bind(cloud);
  cloud.deliver = () => undefined;
  cloud.write('n', { desired: { lost: 1 } });
  cloud.deliver = deliver;
  cloud.write('n', { desired: { next: 1 } });
  await both({ desired: { lost: 1, next: 1 }, reported: { a: 1 } });
});

test('a conflict is settled by reading again', async () => {
  await write({ reported: { a: 1 } });
  await both({ reported: { a: 1 } });
  let once = true;
  cloud.before = (operation) => {
    if (operation !== 'update' || !once) return;
    once = false;
    const deliver = cloud.deliver.bind(cloud);
    cloud.deliver = () => undefined;
    cloud.write('n', { desired: { meanwhile: 1 } });
    cloud.deliver = deliver;
  };
  await write({ reported: { a: 2 } });
  await both({ desired: { meanwhile: 1 }, reported: { a: 2 } });
});

test('a connection that is lost in the middle of a request is survived', async () => {
  cloud.before = () => {
    cloud.isConnected = false;
  };
  await write({ reported: { a: 1 } });
  await until('the connection is lost', () => !cloud.isConnected);
  cloud.before = () => undefined;
  await write({ reported: { a: 2 } });
  cloud.reconnect();
  await both({ reported: { a: 2 } });
});

test('deleted on one side, it is deleted on the other, and can be made anew', async () => {
  await write({ reported: { a: 1 } });
  await both({ reported: { a: 1 } });
  cloud.delete('n');
  await both(undefined);
  cloud.write('n', { desired: { b: 1 } });
  await both({ desired: { b: 1 } });
  await manager.delete(NAME);
  await both(undefined);
  await write({ reported: { c: 1 } });
  await both({ reported: { c: 1 } });
});

test('after a restart it goes on from what it remembers', async () => {
  await write({ desired: { x: 1 }, reported: { x: 1 } });
  await both({ desired: { x: 1 }, reported: { x: 1 } });
  cloud.isConnected = false;
  await write({ reported: { x: 2 } });
  await synchronisation.stop();
  cloud.write('n', { desired: { x: null, y: 1 } });
  start();
  expect(here()).toEqual({ desired: { x: 1 }, reported: { x: 2 } });
  cloud.reconnect();
  await both({ desired: { y: 1 }, reported: { x: 2 } });
});

test('a shadow that isn’t to be synchronised stays here', async () => {
  await manager.update({ thing: 't', shadow: 'other' }, Buffer.from('{"state":{"reported":{"a":1}}}'));
  await write({ reported: { a: 1 } });
  await both({ reported: { a: 1 } });
  expect(cloud.state('other')).toBeUndefined();
});

test('random changes on both sides, with outages: in the end both are the same', async () => {
  const value = fc.constantFrom(null, 1, 2, { x: 1 }, { x: null, y: 2 }, [1]);
  const change = fc.record({
    side: fc.constantFrom('here', 'there', 'outage', 'back', 'restart'),
    section: fc.constantFrom('desired', 'reported'),
    patch: fc.dictionary(fc.constantFrom('a', 'b'), value, { maxKeys: 2 }),
  });
  const changes = fc.array(change, { minLength: 1, maxLength: 12 });
  const deep = (state: unknown) =>
    JSON.stringify(
      state,
      Object.keys(JSON.parse(JSON.stringify({ a: 1, b: 1, x: 1, y: 1, desired: 1, reported: 1 }))).sort(),
    );
  await fc.assert(
    fc.asyncProperty(changes, async (list) => {
      for (const { side, section, patch } of list) {
        if (side === 'outage') cloud.isConnected = false;
        else if (side === 'back') cloud.reconnect();
        else if (side === 'there') cloud.write('n', { [section]: patch });
        else if (side === 'here') await write({ [section]: patch }).catch(() => undefined);
        else {
          await synchronisation.stop();
          start();
        }
      }
      cloud.reconnect();
      await until('both are the same', () => deep(here()) === deep(cloud.state('n')));
    }),
    { numRuns: 40 },
  );
});

describe('merging', () => {
  const value = fc.letrec((tie) => ({
    object: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
    value: fc.oneof({ maxDepth: 3 }, fc.integer({ min: 0, max: 2 }), fc.constant([1]), tie('object')),
  }));
  const state = fc.record(
    { desired: value.object, reported: value.object },
    { noNullPrototype: true },
  ) as fc.Arbitrary<State>;

  test('who alone changed something gets his way', () => {
    fc.assert(
      fc.property(state, state, (base, changed) => {
        expect(mergeStates(changed, base, base)).toEqual(changed);
        expect(mergeStates(base, changed, base)).toEqual(changed);
      }),
    );
  });

  test('the patch between two states makes the one of the other', () => {
    fc.assert(
      fc.property(state, state, (from, to) => {
        const write = (patch: unknown, shadow?: Parameters<typeof updateShadow>[0]) => {
          const answer = updateShadow(shadow, Buffer.from(JSON.stringify({ state: patch })), 0);
          if (!answer.accepted || !exists(answer.shadow)) throw new Error(answer.accepted ? '' : answer.error.message);
          return answer.shadow;
        };
        const [first, second] = [write(from), write(to)];
        const patch = patchBetween(first.state, second.state);
        expect(patch === undefined ? first.state : write(patch, first).state).toEqual(second.state);
      }),
    );
  });
});
