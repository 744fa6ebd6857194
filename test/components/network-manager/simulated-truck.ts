import fc from 'fast-check';
import type { Applied } from '../../../components/network-manager/applied.ts';
import { type Checkpoint, type Goal, type Moment, NO_POLICY } from '../../../components/network-manager/checkpoint.ts';
import { keep, rollBackOverdue } from '../../../components/network-manager/confirmation.ts';
import { change, type Ground } from '../../../components/network-manager/transaction.ts';
import type { TruckNetwork } from '../../../lib/truck/network.ts';
import type { Observed } from '../../../lib/truck/observed.ts';
import { plan, planRemoval } from '../../../lib/truck/plan/index.ts';
import { BARE_TRUCK, simulate } from '../../../lib/truck/simulate.ts';
import { describe as inWords, type Step } from '../../../lib/truck/steps.ts';
import { policyDocument } from '../../lib/policy/arbitrary.ts';
import { compiled, policyOf } from '../../lib/truck/support.ts';

const MEANINGS = new Map<string, TruckNetwork>();

/** Transactions on the simulated truck, where whatever has an effect can fail, or be the last that ever happened. */
export class SimulatedTruck implements Ground {
  truck: Observed = BARE_TRUCK;
  checkpoint: Checkpoint = NO_POLICY;
  /** Effects so far: steps and writes of the checkpoint. */
  effects = 0;
  #fails: (effect: number, what: string) => boolean = () => false;

  /** From the effect of that number on nothing happens any more; nobody learns of it either. */
  dieAt(effect: number): void {
    const last = this.effects + effect;
    this.#fails = (now) => now > last;
  }

  failWhen(fails: (effect: number, what: string) => boolean): void {
    const begun = this.effects;
    this.#fails = (now, what) => fails(now - begun, what);
  }

  revive(): void {
    this.#fails = () => false;
  }

  #effect(what: string, effect: () => void): void {
    this.effects++;
    if (this.#fails(this.effects, what)) throw new Error(`${what}: refused`);
    effect();
  }

  read = async () => this.checkpoint;
  write = async (checkpoint: Checkpoint) =>
    this.#effect('checkpoint', () => {
      this.checkpoint = checkpoint;
    });
  mean = async (document: string) => this.meaning(document);
  meaning = (document: string) => {
    const known = MEANINGS.get(document) ?? compiled(policyOf(document));
    MEANINGS.set(document, known);
    return known;
  };
  makeRoom = async () => undefined;
  boot = 'first';
  uptimeMs = 5000;
  now = (): Moment => ({ boot: this.boot, uptimeMs: this.uptimeMs });
  /** Deadlines of the guards; they live on when who started them dies, but not through a reboot. */
  guards: Moment[] = [];
  guard = async (deadline: Moment) => {
    this.guards.push(deadline);
  };

  reboot(): void {
    this.boot += ' and another';
    this.uptimeMs = 0;
    this.guards = [];
  }

  /** Guards whose time has come do what they are there for. */
  async letGuardsWork(): Promise<void> {
    for (const deadline of this.guards.filter(({ uptimeMs }) => uptimeMs <= this.uptimeMs)) {
      this.guards = this.guards.filter((guard) => guard !== deadline);
      await rollBackOverdue(deadline, this);
    }
  }

  keep = () => keep(this);

  /** Time goes on until the last guard has done what it is there for. */
  async waitForGuards(): Promise<void> {
    for (const deadline of this.guards.splice(0)) {
      this.uptimeMs = Math.max(this.uptimeMs, deadline.uptimeMs);
      expect(await rollBackOverdue(deadline, this)).toBe(0);
    }
  }

  converge = async (desired: TruckNetwork, begin: () => Promise<void>) =>
    this.#do(() => plan(desired, this.truck).steps, begin);
  clear = async (begin: () => Promise<void>) => this.#do(() => planRemoval(this.truck), begin);

  async #do(planned: () => readonly Step[], begin: () => Promise<void>): Promise<Applied> {
    const steps = planned();
    if (steps.length > 0) await begin();
    for (const step of steps) {
      this.#effect(inWords(step), () => {
        this.truck = simulate(this.truck, step, 'router');
      });
    }
    return { steps, drift: planned(), absent: [] };
  }

  /** Is this policy in force, whole, and known to be? */
  is(goal: Goal | null): boolean {
    if (this.checkpoint.underway !== null || this.checkpoint.good?.revision !== goal?.revision) return false;
    return (goal === null ? planRemoval(this.truck) : plan(this.meaning(goal.document), this.truck).steps).length === 0;
  }
}

export const goals = policyDocument().map((value): Goal => {
  const document = JSON.stringify(value);
  return { document, revision: policyOf(document).revision.id };
});
export const twoGoals = fc.tuple(goals, goals).filter(([before, after]) => before.revision !== after.revision);

/** A truck on which a policy is in force. */
export async function truckWith(goal: Goal | null): Promise<SimulatedTruck> {
  const truck = new SimulatedTruck();
  if (goal !== null) await change(goal, truck);
  return truck;
}

/** What was thrown; null: nothing. */
export const thrown = (promise: Promise<unknown>): Promise<Error | null> =>
  promise.then(
    () => null,
    (error: Error) => error,
  );
