import fc from 'fast-check';
import type { Baseline, MeasuredRow } from '../../../../components/network-manager/agent/judge-change.ts';
import {
  followWishes,
  type ReadWish,
  type Told,
  type WishesWorld,
} from '../../../../components/network-manager/agent/wishes.ts';
import type { WishAnswer } from '../../../../components/network-manager/agent/work.ts';
import type { Goal } from '../../../../components/network-manager/checkpoint.ts';
import { confirm, rollBack } from '../../../../components/network-manager/confirmation.ts';
import { change } from '../../../../components/network-manager/transaction.ts';
import { revisionNamed } from '../../../../lib/policy/revision.ts';
import { type SimulatedTruck, truckWith, twoGoals } from '../simulated-truck.ts';

const ROW: MeasuredRow = {
  id: 'a>internet icmp',
  from: 'a',
  to: 'internet',
  verdict: 'reachable',
  outcome: 'as-expected',
  reason: 'it was answered',
  isInside: false,
};
const OUT: MeasuredRow = { ...ROW, outcome: 'outage', reason: 'nothing came back' };
const WITHIN_MS = 120_000;
const MEASURING_MS = 2000;

/** The agent on a simulated truck, in its time; what is desired and what measuring gives is the test's. */
class SimulatedAgent {
  readonly told: Told[] = [];
  desired: WishAnswer = { kind: 'nothing' };
  fallback: WishAnswer = { kind: 'nothing' };
  isReachable = true;
  rows: (document: string) => readonly MeasuredRow[] | Error = () => [ROW];
  cloud: (document: string) => boolean = () => true;
  onMeasure: () => void = () => undefined;
  baseline: (Baseline & { revision: string }) | null = null;
  readonly #truck: SimulatedTruck;

  constructor(truck: SimulatedTruck) {
    this.#truck = truck;
  }

  #inForce = (): string => {
    const { good, underway } = this.#truck.checkpoint;
    return (underway !== null && underway !== 'removal' ? underway : good)?.document ?? '';
  };

  /** Lives until it rests, having told something; or until it dies, `lives` measurements later. */
  async live(lives = Number.POSITIVE_INFINITY): Promise<void> {
    const truck = this.#truck;
    const stop = new AbortController();
    let measured = 0;
    const wait = async (milliseconds: number) => {
      truck.uptimeMs += milliseconds;
      await truck.letGuardsWork();
    };
    const world: WishesWorld = {
      signal: stop.signal,
      now: truck.now,
      pause: wait,
      checkpoint: truck.read,
      apply: (goal, withinMs) => change(goal, truck, withinMs),
      confirm: (revision) => confirm(revision, truck),
      rollBack: (revision, why) => rollBack(revision, why, truck),
      baseline: {
        read: async () => this.baseline,
        keep: async (revision, baseline) => {
          this.baseline = { ...baseline, revision };
        },
        forget: async () => {
          this.baseline = null;
        },
      },
      measure: async (document) => {
        await wait(MEASURING_MS);
        if (++measured > lives) stop.abort();
        this.onMeasure();
        const rows = this.rows(document);
        if (rows instanceof Error) throw rows;
        return rows;
      },
      absent: async () => [],
      isCloudAlive: async () => this.cloud(this.#inForce()),
      read: async (): Promise<ReadWish> => {
        if (!this.isReachable) throw new Error('Greengrass IPC: there is no connection');
        return {
          ...{ wish: this.desired, section: {}, confirmWithinMs: WITHIN_MS },
          fallback: async () => this.fallback,
        };
      },
      rest: async (milliseconds) => {
        await wait(milliseconds);
        if (this.isReachable && this.told.at(-1)?.status !== 'applying') stop.abort();
        this.isReachable = true;
      },
      tell: (told) => void this.told.push(told),
      say: () => undefined,
    };
    await followWishes(world);
  }

  get statuses(): readonly string[] {
    return this.told.map(({ status }) => status);
  }
}

const wishFor = ({ revision, document }: Goal): WishAnswer => ({
  kind: 'policy',
  id: revision,
  document,
  problems: [],
  revision: revisionNamed(revision),
});

/** Two policies whose truck networks differ, and an agent on a truck on which the first is in force. */
async function begun() {
  const [[before, after] = []] = fc.sample(twoGoals, { numRuns: 1, seed: 7 });
  if (before === undefined || after === undefined) throw new Error('no sample');
  const truck = await truckWith(before);
  const agent = new SimulatedAgent(truck);
  agent.desired = wishFor(after);
  return { truck, agent, before, after };
}

test('a wish is applied, measured and confirmed', async () => {
  const { truck, agent, after } = await begun();
  await agent.live();
  expect(agent.statuses).toEqual(['applying', 'applied']);
  expect(truck.is(after)).toBe(true);
  expect(agent.baseline).toBeNull();
});

test.each<[string, (agent: SimulatedAgent, after: Goal) => void, RegExp]>([
  [
    'takes the internet away',
    (agent, after) => {
      agent.rows = (document) => [document === after.document ? OUT : ROW];
    },
    /^outage: a>internet icmp/,
  ],
  [
    'takes the cloud away',
    (agent, after) => {
      agent.cloud = (document) => document !== after.document;
    },
    /cloud/,
  ],
  [
    'can’t be measured',
    (agent, after) => {
      agent.rows = (document) => (document === after.document ? new Error('no answer') : [ROW]);
    },
    /no answer/,
  ],
])('a wish that %s is rolled back within its time with the reason, and not tried again', async (_what, spoil, why) => {
  const { truck, agent, before, after } = await begun();
  spoil(agent, after);
  const from = truck.uptimeMs;
  agent.onMeasure = () => expect(truck.uptimeMs - from).toBeLessThan(WITHIN_MS + 10_000);
  await agent.live();
  expect(agent.statuses).toEqual(['applying', 'rolled-back']);
  expect(agent.told.at(-1)?.why).toMatch(why);
  expect(truck.is(before)).toBe(true);
  const { effects } = truck;
  await agent.live();
  expect(agent.statuses.at(-1)).toBe('rolled-back');
  expect(truck.effects).toBe(effects);
});

test('a breach is rolled back at the first measurement', async () => {
  const { truck, agent, before, after } = await begun();
  const breach: MeasuredRow = { ...ROW, verdict: 'isolated', outcome: 'breach', reason: 'it answered' };
  agent.rows = (document) => [document === after.document ? breach : ROW];
  const from = truck.uptimeMs;
  let rolledBackAt = 0;
  agent.onMeasure = () => {
    rolledBackAt = truck.uptimeMs;
  };
  await agent.live();
  expect(agent.statuses).toEqual(['applying', 'rolled-back']);
  expect(rolledBackAt - from).toBe(2 * MEASURING_MS);
  expect(truck.is(before)).toBe(true);
});

test('what was away before, internet and cloud, condemns nothing', async () => {
  const { truck, agent, after } = await begun();
  agent.rows = () => [OUT];
  agent.cloud = () => false;
  await agent.live();
  expect(agent.statuses).toEqual(['applying', 'applied']);
  expect(truck.is(after)).toBe(true);
});

test('an agent that is killed while it measures goes on where it was, and knows what was well before', async () => {
  const { truck, agent, before, after } = await begun();
  agent.cloud = (document) => document !== after.document;
  await agent.live(1);
  expect(truck.checkpoint.underway).toMatchObject({ provisional: { state: 'pending' } });
  await agent.live();
  expect(agent.statuses).toEqual(['applying', 'applying', 'rolled-back']);
  expect(truck.is(before)).toBe(true);
});

test('an agent that is killed and doesn’t come back is replaced by the guard', async () => {
  const { truck, agent, before, after } = await begun();
  await agent.live(1);
  await truck.waitForGuards();
  expect(truck.is(before)).toBe(true);
  await agent.live();
  expect(agent.told.at(-1)).toMatchObject({ status: 'rolled-back', why: 'nobody confirmed it within its time' });
  expect(truck.checkpoint.rolledBack?.revision).toBe(after.revision);
});

test('a power cut is nobody’s fault: the wish is tried again', async () => {
  const { truck, agent, after } = await begun();
  await agent.live(1);
  truck.reboot();
  const rebooted = new SimulatedAgent(truck);
  rebooted.desired = agent.desired;
  // What a watch does first of all.
  await truck.keep();
  await rebooted.live();
  expect(rebooted.statuses).toEqual(['applying', 'applied']);
  expect(truck.is(after)).toBe(true);
});

test('the newest wish wins while another is being measured', async () => {
  const { truck, agent, before } = await begun();
  agent.cloud = (document) => document === before.document;
  let measured = 0;
  agent.onMeasure = () => {
    if (++measured === 2) agent.desired = wishFor(before);
  };
  await agent.live();
  expect(agent.statuses).toEqual(['applying', 'applying', 'applied']);
  expect(truck.is(before)).toBe(true);
});

test('a refused wish changes nothing, and its problems are told', async () => {
  const { truck, agent, before } = await begun();
  const { effects } = truck;
  const problems = [{ severity: 'error' as const, path: 'desired', message: 'no' }];
  agent.desired = { kind: 'refused', id: 'x', problems };
  await agent.live();
  expect(agent.told).toMatchObject([{ status: 'refused', problems }]);
  expect(truck.effects).toBe(effects);
  expect(truck.is(before)).toBe(true);
});

test('while the shadow can’t be read nothing is done, and later it is', async () => {
  const { truck, agent, after } = await begun();
  agent.isReachable = false;
  await agent.live();
  expect(agent.statuses).toEqual(['applying', 'applied']);
  expect(truck.is(after)).toBe(true);
});

test('the first wish ever is taken without measuring: there is nothing to go back to', async () => {
  const { agent: other } = await begun();
  const truck = await truckWith(null);
  const agent = new SimulatedAgent(truck);
  agent.desired = other.desired;
  agent.rows = () => new Error('nothing to measure');
  await agent.live();
  expect(agent.statuses).toEqual(['applying', 'applied']);
});

test('the first wish of a truck that has a baseline can’t lock it out: it is measured, and there is something to go back to', async () => {
  const { before, after } = await begun();
  const truck = await truckWith(null);
  const agent = new SimulatedAgent(truck);
  [agent.fallback, agent.desired] = [wishFor(before), wishFor(after)];
  agent.cloud = (document) => document === before.document;
  await agent.live();
  expect(agent.statuses).toEqual(['applying', 'applying', 'rolled-back']);
  expect(truck.is(before)).toBe(true);
});

test('a truck whose first wish makes no sense is what the baseline says, and tells why it is not more', async () => {
  const { before } = await begun();
  const truck = await truckWith(null);
  const agent = new SimulatedAgent(truck);
  const problems = [{ severity: 'error' as const, path: 'desired', message: 'no' }];
  [agent.fallback, agent.desired] = [wishFor(before), { kind: 'refused', id: 'x', problems }];
  await agent.live();
  expect(agent.told.at(-1)).toMatchObject({ status: 'refused', problems });
  expect(truck.is(before)).toBe(true);
});
