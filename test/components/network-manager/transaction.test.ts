import fc from 'fast-check';
import type { Goal } from '../../../components/network-manager/checkpoint.ts';
import { confirm, keep, rollBack } from '../../../components/network-manager/confirmation.ts';
import { change, recover, removal } from '../../../components/network-manager/transaction.ts';
import { goals, type SimulatedTruck, thrown, truckWith, twoGoals } from './simulated-truck.ts';

/** How many effects it has when nothing fails. */
async function effectsOf(before: Goal | null, action: (truck: SimulatedTruck) => Promise<unknown>): Promise<number> {
  const truck = await truckWith(before);
  const known = truck.effects;
  await action(truck);
  return truck.effects - known;
}

const checked = (property: fc.IAsyncProperty<unknown>, numRuns = 6) =>
  fc.assert(property as fc.IAsyncProperty<[unknown]>, { numRuns });

test('killed at every effect of a change, the truck recovers to the old policy or to the new one, whole', async () => {
  await checked(
    fc.asyncProperty(twoGoals, async ([before, after]) => {
      const all = await effectsOf(before, (truck) => change(after, truck));
      for (let effect = 0; effect <= all; effect++) {
        const truck = await truckWith(before);
        truck.dieAt(effect);
        await thrown(change(after, truck));
        truck.revive();
        await recover(truck);
        expect(truck.is(effect === all ? after : before)).toBe(true);
      }
    }),
  );
});

test('the first policy has nothing to go back to: killed at any effect, the truck goes on to it, or is still bare', async () => {
  await checked(
    fc.asyncProperty(goals, async (first) => {
      const all = await effectsOf(null, (truck) => change(first, truck));
      for (let effect = 0; effect <= all; effect++) {
        const truck = await truckWith(null);
        truck.dieAt(effect);
        await thrown(change(first, truck));
        truck.revive();
        expect((await recover(truck)) === null).toBe(effect === 0);
        expect(truck.is(effect === 0 ? null : first)).toBe(true);
      }
    }),
  );
});

test('a recovery that is killed, too, again and again, comes to the same', async () => {
  await checked(
    fc.asyncProperty(
      twoGoals,
      fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }),
      async ([before, after], deaths) => {
        const truck = await truckWith(before);
        truck.dieAt(deaths[0] ?? 0);
        const wasDone = (await thrown(change(after, truck))) === null;
        for (const death of deaths.slice(1)) {
          truck.dieAt(death);
          await thrown(recover(truck));
        }
        truck.revive();
        await recover(truck);
        expect(truck.is(wasDone ? after : before)).toBe(true);
      },
    ),
    60,
  );
});

test('when one effect fails, the policy before is in force again, and that is said', async () => {
  await checked(
    fc.asyncProperty(twoGoals, async ([before, after]) => {
      const all = await effectsOf(before, (truck) => change(after, truck));
      // The first effect is the checkpoint: without it nothing is begun.
      for (let effect = 1; effect <= all; effect++) {
        const truck = await truckWith(before);
        truck.failWhen((now) => now === effect);
        const error = await thrown(change(after, truck));
        if (effect > 1) expect(error).toMatchObject({ name: 'RolledBackError', revision: before.revision });
        else expect(error).toMatchObject({ message: 'checkpoint: refused' });
        expect(error?.message).toContain('refused');
        expect(truck.is(before)).toBe(true);
      }
    }),
  );
});

test('when a kind of step fails for good, either the policy before is in force again or that is said, and it is once it works again', async () => {
  const kinds = ['checkpoint', 'host:', 'edge:', 'router:', 'container', 'network', 'link'];
  await checked(
    fc.asyncProperty(twoGoals, fc.constantFrom(...kinds), async ([before, after], kind) => {
      const truck = await truckWith(before);
      truck.failWhen((_now, what) => what.startsWith(kind));
      const error = await thrown(change(after, truck));
      if (error === null) return;
      if (error.name === 'UnfinishedError') {
        expect(error.message).toContain('firebreak recover');
        expect(truck.is(before)).toBe(false);
      }
      truck.revive();
      await recover(truck);
      expect(truck.is(before)).toBe(true);
    }),
    60,
  );
});

test('when the first policy fails, what is built stays, and is finished by the next apply', async () => {
  await checked(
    fc.asyncProperty(goals, fc.integer({ min: 2, max: 20 }), async (first, effect) => {
      const truck = await truckWith(null);
      truck.failWhen((now) => now === effect);
      const error = await thrown(change(first, truck));
      if (error === null) return;
      expect(error).toMatchObject({ name: 'UnfinishedError' });
      expect(error.message).toContain('firebreak down');
      await change(first, truck);
      expect(truck.is(first)).toBe(true);
    }),
    40,
  );
});

test('a removal that was killed at any effect is finished by recover', async () => {
  await checked(
    fc.asyncProperty(goals, async (goal) => {
      const all = await effectsOf(goal, removal);
      for (let effect = 0; effect <= all; effect++) {
        const truck = await truckWith(goal);
        truck.dieAt(effect);
        await thrown(removal(truck));
        truck.revive();
        const recovered = await recover(truck);
        if (effect === 0) expect(truck.is(goal)).toBe(true);
        else {
          expect(recovered?.to).toBe(effect === all ? undefined : 'bare');
          expect(truck.is(null)).toBe(true);
        }
      }
    }),
  );
});

test('a policy in force that is applied again is repaired, and never rolled back', async () => {
  const [goal] = fc.sample(goals, 1);
  if (goal === undefined) throw new Error('no sample');
  const truck = await truckWith(goal);
  truck.truck = { ...truck.truck, hostRuleset: null };
  truck.failWhen((_now, what) => what.startsWith('host:'));
  expect(await thrown(change(goal, truck))).toMatchObject({ message: expect.stringMatching(/^host: .*: refused$/) });
  expect(truck.checkpoint).toMatchObject({ good: goal, underway: null });
  truck.revive();
  await change(goal, truck);
  expect(truck.is(goal)).toBe(true);
});

test('a policy that means nothing any longer changes nothing', async () => {
  const [goal] = fc.sample(goals, 1);
  if (goal === undefined) throw new Error('no sample');
  const truck = await truckWith(goal);
  const { effects } = truck;
  expect(await thrown(change({ revision: '9-x', document: 'segments: 7' }, truck))).not.toBeNull();
  expect(truck.effects).toBe(effects);
  expect(truck.is(goal)).toBe(true);
});

test('the checkpoint names the links of both policies while a change is under way, and afterwards those in force', async () => {
  await checked(
    fc.asyncProperty(twoGoals, fc.integer({ min: 1, max: 20 }), async ([before, after], effect) => {
      const truck = await truckWith(before);
      const linksOf = ({ document }: Goal) => truck.meaning(document).links.map(({ name }) => name);
      expect(truck.checkpoint.links).toEqual(linksOf(before));
      truck.dieAt(effect);
      const wasDone = (await thrown(change(after, truck))) === null;
      if (!wasDone)
        expect(truck.checkpoint.links).toEqual(expect.arrayContaining([...linksOf(before), ...linksOf(after)]));
      truck.revive();
      await recover(truck);
      expect(truck.checkpoint.links).toEqual(linksOf(wasDone ? after : before));
    }),
    30,
  );
});

describe('a provisional change', () => {
  const WITHIN_MS = 60_000;
  const provisionally = (goal: Goal) => (truck: SimulatedTruck) => change(goal, truck, WITHIN_MS);

  test('is in force, but only confirmed it is taken, and then no guard touches it', async () => {
    await checked(
      fc.asyncProperty(twoGoals, async ([before, after]) => {
        const truck = await truckWith(before);
        const { steps, confirmBy } = await change(after, truck, WITHIN_MS);
        if (steps.length === 0) return expect(truck.is(after)).toBe(true);
        expect(confirmBy).toEqual({ boot: 'first', uptimeMs: 5000 + WITHIN_MS });
        expect(truck.checkpoint).toMatchObject({ good: before, underway: { provisional: { state: 'pending' } } });
        truck.truck = { ...truck.truck, hostRuleset: null };
        expect((await keep(truck))?.to).toEqual(after);
        truck.uptimeMs += WITHIN_MS - 1;
        expect(await confirm(null, truck)).toEqual(after);
        await truck.waitForGuards();
        expect(truck.is(after)).toBe(true);
      }),
    );
  });

  test('whose maker dies at any effect ends in the policy before, by its guard alone', async () => {
    await checked(
      fc.asyncProperty(twoGoals, async ([before, after]) => {
        const all = await effectsOf(before, provisionally(after));
        if (all <= 1) return;
        for (let effect = 0; effect <= all; effect++) {
          const truck = await truckWith(before);
          truck.dieAt(effect);
          await thrown(change(after, truck, WITHIN_MS));
          truck.revive();
          await truck.waitForGuards();
          expect(truck.is(before)).toBe(true);
        }
      }),
    );
  });

  test('that a power cut ends at any effect ends in the policy before, by whoever comes first after the boot', async () => {
    await checked(
      fc.asyncProperty(twoGoals, async ([before, after]) => {
        const all = await effectsOf(before, provisionally(after));
        if (all <= 1) return;
        for (let effect = 0; effect <= all; effect++) {
          const truck = await truckWith(before);
          truck.dieAt(effect);
          await thrown(change(after, truck, WITHIN_MS));
          truck.revive();
          truck.reboot();
          // A clock that starts again at 0 has more time left than ever.
          await keep(truck);
          expect(truck.is(before)).toBe(true);
          if (effect > 0) expect(truck.checkpoint.rolledBack).toMatchObject({ fault: 'interruption', times: 1 });
        }
      }),
    );
  });

  test('that is condemned is rolled back also when that is killed at any effect, and it is known why', async () => {
    await checked(
      fc.asyncProperty(twoGoals, async ([before, after]) => {
        const pending = async () => {
          const truck = await truckWith(before);
          const { confirmBy } = await change(after, truck, WITHIN_MS);
          return { truck, confirmBy };
        };
        const { truck: whole, confirmBy } = await pending();
        if (confirmBy === null) return;
        const known = whole.effects;
        await rollBack(after.revision, 'a breach', whole);
        const all = whole.effects - known;
        for (let effect = 1; effect <= all; effect++) {
          const { truck } = await pending();
          truck.dieAt(effect);
          await thrown(rollBack(after.revision, 'a breach', truck));
          truck.revive();
          truck.reboot();
          await keep(truck);
          expect(truck.is(before)).toBe(true);
          const { revision } = after;
          expect(truck.checkpoint.rolledBack).toEqual({ revision, why: 'a breach', fault: 'policy', times: 1 });
        }
      }),
    );
  });

  test('that nobody confirms in time can’t be confirmed any more, and is the policy’s fault', async () => {
    const [[before, after] = []] = fc.sample(twoGoals, 1);
    if (before === undefined || after === undefined) throw new Error('no sample');
    const truck = await truckWith(before);
    await change(after, truck, WITHIN_MS);
    truck.uptimeMs += WITHIN_MS;
    expect(await thrown(confirm(after.revision, truck))).toMatchObject({ name: 'NotPendingError' });
    await keep(truck);
    expect(truck.is(before)).toBe(true);
    expect(truck.checkpoint.rolledBack).toMatchObject({ revision: after.revision, fault: 'policy' });
    expect(await thrown(confirm(null, truck))).toMatchObject({ message: 'no change waits to be confirmed' });
  });

  test('that fails is rolled back at once, is remembered with the reason, and forgotten when it is taken after all', async () => {
    const [[before, after] = []] = fc.sample(twoGoals, 1);
    if (before === undefined || after === undefined) throw new Error('no sample');
    const truck = await truckWith(before);
    for (const times of [1, 2]) {
      truck.failWhen((now, what) => now === 3 && what !== 'checkpoint');
      expect(await thrown(change(after, truck, WITHIN_MS))).toMatchObject({ name: 'RolledBackError' });
      const why = expect.stringContaining('refused');
      expect(truck.checkpoint.rolledBack).toEqual({ revision: after.revision, why, fault: 'policy', times });
    }
    truck.revive();
    await change(after, truck, WITHIN_MS);
    expect(truck.checkpoint.rolledBack).toBeDefined();
    await confirm(after.revision, truck);
    expect(truck.checkpoint).toEqual({ good: after, underway: null, links: expect.any(Array) });
  });

  test('that can’t be guarded is not begun', async () => {
    const [[before, after] = []] = fc.sample(twoGoals, 1);
    if (before === undefined || after === undefined) throw new Error('no sample');
    const truck = await truckWith(before);
    truck.guard = () => Promise.reject(new Error('setsid: not found'));
    expect(await thrown(change(after, truck, WITHIN_MS))).toMatchObject({ message: 'setsid: not found' });
    expect(truck.is(before)).toBe(true);
  });

  test('is confirmed by itself when there is nothing to go back to', async () => {
    const [goal] = fc.sample(goals, 1);
    if (goal === undefined) throw new Error('no sample');
    const truck = await truckWith(null);
    expect(await change(goal, truck, WITHIN_MS)).toMatchObject({ confirmBy: null });
    expect(truck.guards).toEqual([]);
    expect(truck.is(goal)).toBe(true);
  });

  test('on top of another goes back to the policy that was last taken, and so does that policy itself, killed at any effect', async () => {
    const three = fc
      .tuple(goals, goals, goals)
      .filter((all) => new Set(all.map(({ revision }) => revision)).size === 3);
    await checked(
      fc.asyncProperty(three, fc.boolean(), async ([before, first, second], returns) => {
        const next = returns ? before : second;
        const prepared = async () => {
          const truck = await truckWith(before);
          const { confirmBy } = await change(first, truck, WITHIN_MS);
          return confirmBy === null ? null : truck;
        };
        const whole = await prepared();
        if (whole === null) return;
        const known = whole.effects;
        await change(next, whole, WITHIN_MS);
        const all = whole.effects - known;
        for (let effect = 1; effect < all; effect++) {
          const truck = await prepared();
          truck?.dieAt(effect);
          await thrown(change(next, truck ?? whole, WITHIN_MS));
          truck?.revive();
          await keep(truck ?? whole);
          expect(truck?.is(before)).toBe(true);
        }
      }),
    );
  });
});
