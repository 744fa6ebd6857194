import type { NetworkState } from '../../../lib/shadow/network-report.ts';
import { describe } from '../../../lib/truck/steps.ts';
import { Bell } from '../../host/bell.ts';
import { type Health, healthAfter } from '../../host/health.ts';
import { say, sayError } from '../../host/say.ts';
import { ask } from '../../host/worker.ts';
import type { Meaning } from '../apply.ts';
import { readCheckpoint } from '../checkpoint.ts';
import { eventSources } from '../events.ts';
import { hold } from '../hold.ts';
import type { TruckSurroundings } from '../surroundings.ts';
import { PACE, type WatchReport, watch } from '../watch.ts';
import { sayReport } from './say-report.ts';
import { TruckLink } from './truck-link.ts';
import { truckWorld } from './truck-world.ts';
import { followWishes, type Told } from './wishes.ts';
import type { Answer, Question, Role } from './work.ts';

/** A worker's answers, each at most so long in coming: compiling and measuring the largest policy takes minutes on a small computer. */
const WITHIN_MS = { compile: 120_000, wish: 120_000, measure: 300_000 };
/** An apply of a whole truck takes minutes; the watch waits for it. */
const PATIENCE_MS = 900_000;
/** So long an update waits for a change that is under way; then it asks again. */
const DEFER_MS = 30_000;

/**
 * The network manager as it runs on a truck. What was in force last is enforced before anybody is spoken to, and stays enforced whatever
 * becomes of nucleus and cloud.
 * @param worker path of the program of worker.ts
 * @param signal ends it, and changes nothing
 */
export async function runAgent(own: TruckSurroundings, worker: string, signal: AbortSignal): Promise<void> {
  const { truck, docker, version } = own;
  const work = <Name extends keyof typeof WITHIN_MS & Role>(role: Name, question: Question<Name>) =>
    ask<Answer<Name>>(worker, role, question, WITHIN_MS[role]);
  const mean: Meaning = (document) => work('compile', { document });
  const checkpoint = () => readCheckpoint(truck.state.checkpoint);

  const changes = new Bell();
  let told: Told | null = null;
  let drift: NetworkState['drift'];
  const thing = process.env.SVCUID === undefined ? null : own.thing;
  const link =
    thing === null
      ? null
      : new TruckLink({
          thing,
          version,
          wish: async (section, baseline) => {
            const { good } = await checkpoint();
            return work('wish', { section, context: { thing, baseline, ...lastSequence(good?.revision) } });
          },
          changed: () => changes.ring(),
          deferMs: () => (told?.status === 'applying' ? DEFER_MS : 0),
          say: (event, why) => say(event, { why }),
        });
  const tell = async () => {
    if (told !== null) link?.tell(told, await checkpoint(), drift);
  };

  const begun = performance.now();
  const looked = new Bell();
  let health: Health = 'starting';
  const heard = (report: WatchReport) => {
    sayReport(report);
    if (report.event === 'repaired') {
      drift = { repaired: (drift?.repaired ?? 0) + 1, steps: report.steps.map(describe), at: Date.now() };
      void tell().catch(sayError);
    }
    const outcome = OUTCOMES[report.event];
    if (outcome === undefined) return;
    looked.ring();
    const now = healthAfter(health, outcome, performance.now() - begun);
    if (now === health || now === 'starting') return;
    health = now;
    say('health', { health });
    void link?.tellHealth(now, signal).catch(sayError);
  };

  const { repair, sysctls } = hold(null, mean, truck, { patienceMs: PATIENCE_MS, signal });
  const watching = watch({ repair, sources: eventSources(docker, sysctls), say: heard, pace: PACE, signal });
  if (link === null) return watching;
  // What was in force last, or that it can't be: that is known before anything else is wished for.
  const enforced = looked.wait(Number.POSITIVE_INFINITY, signal);
  const following = followWishes({
    ...truckWorld(truck, mean, worker, signal),
    measure: (document) => work('measure', { document }),
    isCloudAlive: link.isCloudAlive,
    read: async () => {
      await enforced;
      await link.connected(signal);
      return link.read();
    },
    rest: (milliseconds) => changes.wait(milliseconds, signal),
    tell: (next) => {
      told = next;
      void tell().catch(sayError);
    },
    say,
  });
  await Promise.all([watching, link.run(signal), following]);
}

/** What the watch's word says of enforcement. */
const OUTCOMES: { readonly [Event in WatchReport['event']]?: 'well' | 'failed' } = {
  'as-desired': 'well',
  repaired: 'well',
  failed: 'failed',
  obstructed: 'failed',
};

/** What an older wish is measured by. */
function lastSequence(revision: string | undefined): { readonly lastSequence?: number } {
  return revision === undefined ? {} : { lastSequence: Number(revision.split('-')[0]) };
}
