import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SimulatorConfiguration } from './configuration.ts';
import { Reports } from './reports.ts';
import { type Credentials, SimulatedTruck } from './simulated-truck.ts';
import { Tally, type TallyLook } from './tally.ts';
import { traitsOf } from './traits.ts';

/** What the fleet's trucks say of themselves, counted. */
export interface FleetLook {
  readonly trucks: number;
  readonly connected: number;
  /** Connected, and waiting for nothing. */
  readonly quiet: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly revisions: Readonly<Record<string, number>>;
  /** By the versions of their components: `NAME VERSION`. */
  readonly components: Readonly<Record<string, number>>;
  readonly tally: TallyLook;
}

/** TLS handshakes at once: more don't make it quicker. */
const CONNECT_AT_ONCE = 32;

/** Many simulated trucks in one process. */
export class SimulatedFleet {
  readonly #trucks: ReadonlyMap<string, SimulatedTruck>;
  readonly #credentials: (thing: string) => Credentials;
  readonly #tally = new Tally();

  constructor(
    { host, port, trucks, components, shares, applyMs }: SimulatorConfiguration,
    credentials: (thing: string) => Credentials,
  ) {
    this.#credentials = credentials;
    const own = { host, port, applyMs, reports: new Reports(), tally: this.#tally };
    this.#trucks = new Map(
      trucks.map((thing, index) => [thing, new SimulatedTruck(thing, traitsOf(index, shares), components, own)]),
    );
  }

  /** Those that aren't yet. @throws Error of the first that can't */
  async connect(things: readonly string[]): Promise<void> {
    const waiting = things.map((thing) => this.#truck(thing)).filter(({ state }) => !state.connected);
    const next = waiting.values();
    const work = async () => {
      for (const truck of next) await truck.connect(this.#credentials(truck.thing));
    };
    await Promise.all(Array.from({ length: CONNECT_AT_ONCE }, work));
  }

  disconnect(things: readonly string[]): void {
    for (const thing of things) this.#truck(thing).disconnect();
  }

  /** An hour has gone by for all that are connected, one after the other: meanwhile others are heard. */
  async beat(): Promise<void> {
    for (const truck of this.#trucks.values()) {
      truck.beat();
      await nextTurn();
    }
  }

  /** Each truck that is connected sends itself a message, all at once. @returns milliseconds until all have heard theirs */
  async echo(): Promise<number> {
    const present = [...this.#trucks.values()].filter(({ state }) => state.connected);
    await Promise.all(present.map((truck) => truck.hearItself()));
    const begun = performance.now();
    await Promise.all(present.map((truck) => truck.echo()));
    return performance.now() - begun;
  }

  look(): FleetLook {
    const states = [...this.#trucks.values()].map(({ state }) => state);
    return {
      trucks: states.length,
      connected: states.filter(({ connected }) => connected).length,
      quiet: states.filter(({ connected, busy }) => connected && !busy).length,
      statuses: counted(states.map(({ status }) => status)),
      revisions: counted(states.map(({ revision }) => revision ?? 'none')),
      components: counted(
        states.flatMap(({ components }) => Object.entries(components).map(([name, version]) => `${name} ${version}`)),
      ),
      tally: this.#tally.look(),
    };
  }

  #truck(thing: string): SimulatedTruck {
    const truck = this.#trucks.get(thing);
    if (truck === undefined) throw new Error(`there is no truck ${thing}`);
    return truck;
  }
}

function counted(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
