import { containerNamespace } from '../../components/host/container-namespace.ts';
import { Docker } from '../../components/host/docker.ts';
import { monitor } from '../../components/host/monitor.ts';
import { run } from '../../components/host/run.ts';
import { shadowTopic } from '../../lib/shadow/names.ts';
import { ROUTER } from '../../lib/truck/network.ts';
import { median } from '../figures/statistics.ts';
import { timed } from '../rounds.ts';
import { isLoaded, MILESTONES, type Milestone, milestoneIn, type Wished } from './milestones.ts';
import { type Broker, Onlooker } from './onlooker.ts';
import type { Message } from './traffic.ts';

export interface ChangeQuestion extends Wished {
  readonly broker: Broker;
  /** Path of the truck's Docker socket. */
  readonly docker: string;
  /** Of `desired`. */
  readonly update: Readonly<Record<string, unknown>>;
  /** What the router's rules are to become. */
  readonly ruleset: { readonly text: string; readonly fingerprint: string };
  readonly withinMs: number;
}

/** Milliseconds from the moment in which the update is published, by one clock, and what they have to be measured by. */
export interface ChangeAnswer extends Readonly<Record<Milestone, number>> {
  /** Of messages like the update; the median. */
  readonly roundTrip: number;
  /** `nft -f` of the same ruleset in the router. */
  readonly load: number;
  /** What the truck has published meanwhile. */
  readonly messages: readonly Message[];
}

const ROUND_TRIPS = 15;

/**
 * Changes a truck's policy by its shadow, and looks until the new one was measured and that is reported, too: then nothing is left to be done.
 * @throws Error when something doesn't come in time, or nothing comes of it
 */
export async function change(question: ChangeQuestion): Promise<ChangeAnswer> {
  const netns = await containerNamespace(new Docker(`unix://${question.docker}`), ROUTER);
  if (netns === null) throw new Error('the router does not run');
  return await changeSeenIn(netns, question);
}

/** The same, of a router in this network namespace. */
export async function changeSeenIn(netns: string, question: Omit<ChangeQuestion, 'docker'>): Promise<ChangeAnswer> {
  const { broker, thing, update, ruleset, withinMs } = question;
  const onlooker = await Onlooker.connect(broker, thing);
  try {
    const payload = JSON.stringify({ state: { desired: update } });
    const roundTrips: number[] = [];
    for (let time = 0; time < ROUND_TRIPS; time++) roundTrips.push(await onlooker.roundTripMs(payload));
    const times = await milestones(question, onlooker, netns, () =>
      onlooker.publish(`${shadowTopic(thing, 'network')}/update`, payload),
    );
    // The last: the network manager looks at everything when somebody else loads rules.
    const load = await timed(() => run(['nft', '-f', '-'], { netns, input: ruleset.text, timeoutMs: withinMs }));
    return { ...times, roundTrip: median(roundTrips), load, messages: onlooker.messages };
  } finally {
    await onlooker.end();
  }
}

async function milestones(
  { ruleset, withinMs, ...wished }: Omit<ChangeQuestion, 'docker'>,
  onlooker: Onlooker,
  netns: string,
  publish: () => Promise<void>,
): Promise<Readonly<Record<Milestone, number>>> {
  const ended = new AbortController();
  const times: Partial<Record<Milestone, number>> = {};
  const missing = () => MILESTONES.filter((milestone) => times[milestone] === undefined);
  let begun = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`after ${withinMs / 1000} s it is not ${missing().join(', not ')}`)),
        withinMs,
      );
      const come = (milestone: Milestone) => {
        times[milestone] ??= performance.now() - begun;
        if (missing().length === 0) resolve();
      };
      ended.signal.addEventListener('abort', () => clearTimeout(timer));
      const forget = onlooker.listen((topic, payload) => {
        try {
          const milestone = milestoneIn(topic, payload, wished);
          if (milestone !== null) come(milestone);
        } catch (error) {
          reject(error);
        }
      });
      ended.signal.addEventListener('abort', forget);
      const listener = {
        began: () => {
          begun = performance.now();
          publish().catch(reject);
        },
        noticed: () => come('enforced'),
      };
      const concerns = (line: string) => isLoaded(line, ruleset.fingerprint);
      monitor(['nft', 'monitor'], listener, { netns, concerns, signal: ended.signal }).catch(reject);
    });
  } finally {
    ended.abort();
  }
  return times as Readonly<Record<Milestone, number>>;
}
