import { dirname, join } from 'node:path';
import { deployComponents } from '../../lab/deploy-components.ts';
import type { Greengrass } from '../../lab/greengrass/greengrass.ts';
import type { Lab } from '../../lab/lab.ts';
import { type Evidence, wishId, writeWish } from '../../shadow/index.ts';
import { EXIT, ExitError } from '../exit.ts';
import type { Progress } from '../progress.ts';
import type { Cloud } from '../truck/cloud.ts';
import { withCloud } from '../truck/connection.ts';
import { evidenceOf } from '../truck/evidence.ts';
import { outcomeOf } from '../truck/outcome.ts';
import type { Network } from '../truck/reported.ts';

export type Document = Readonly<Record<string, unknown>>;

export const THING = 'truck';
/** Under software emulation a change of policy, with the matrices before and after, takes a minute. Milliseconds. */
const PATIENCE_MS = 600_000;
const CONFIRM_WITHIN_SECONDS = 180;

/** A lab's truck in service: its components come by a deployment, its policy by its shadow, and what it reports is read in the cloud. */
export interface ServedTruck {
  /** Desires a policy; what the truck says of it in the end. @throws ExitError when it says nothing */
  readonly desire: (policy: Document) => Promise<Network>;
  /** The whole matrix of this revision, as it came by the cloud. @throws ExitError */
  readonly evidence: (revision: string) => Promise<Evidence>;
  /** The documents of both shadows. */
  readonly shadows: () => Promise<Readonly<Record<'network' | 'isolation', unknown>>>;
}

/**
 * Starts the lab's cloud and the truck's Greengrass, deploys the components as they were built, and does something with the truck.
 * @param build directory of the command line's build; the components lie beside it
 * @param baseline what the truck is before anything is desired: its way to the cloud
 */
export async function withServedTruck<T>(
  { lab, name, build, baseline }: { lab: Lab; name: string; build: string; baseline: Document },
  progress: Pick<Progress, 'say'>,
  signal: AbortSignal,
  action: (truck: ServedTruck) => Promise<T>,
): Promise<T> {
  progress.say("the lab's cloud");
  await lab.cloud.start();
  progress.say("the truck's Greengrass");
  const greengrass: Greengrass = await lab.greengrass(THING);
  await greengrass.start();
  progress.say('deploying the components, which make the truck its way to the cloud');
  await deployComponents(greengrass, join(dirname(build), 'components'), {
    policy: baseline,
    confirmWithinSeconds: CONFIRM_WITHIN_SECONDS,
  });
  return await withCloud({ thing: THING, lab: name }, async (cloud) => {
    await ready(cloud, signal);
    return await action(servedTruck(cloud, progress, signal));
  });
}

/** Waits for the first report, of the baseline. */
async function ready(cloud: Cloud, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const timer = setTimeout(() => done.abort(), PATIENCE_MS);
  let status: unknown;
  try {
    await cloud.follow(
      ['network'],
      (_name, shadow) => {
        const reported = shadow?.reported as { readonly status?: unknown } | undefined;
        status = reported?.status;
        if (status === 'applied') done.abort();
      },
      AbortSignal.any([done.signal, signal]),
    );
  } finally {
    clearTimeout(timer);
  }
  signal.throwIfAborted();
  if (status !== 'applied')
    throw new ExitError(EXIT.failed, `the truck did not report to the cloud (status ${status})`);
}

function servedTruck(cloud: Cloud, progress: Pick<Progress, 'say'>, signal: AbortSignal): ServedTruck {
  return {
    desire: async (policy) => {
      const shadow = await cloud.readShadow('network');
      const { desired, update } = writeWish({ what: 'policy', document: policy, thing: THING }, shadow?.desired);
      await cloud.updateDesired('network', update, shadow?.version);
      const outcome = await outcomeOf(cloud, wishId(desired), {
        ...{ timeoutMs: PATIENCE_MS, signal },
        onStatus: (status) => progress.say(`the truck says: ${status.replaceAll('-', ' ')}`),
      });
      if (outcome.kind === 'reported') return outcome.network;
      throw new ExitError(EXIT.failed, `the truck did not say what came of the policy: ${outcome.kind}`);
    },
    evidence: async (revision) => {
      progress.say('waiting for the measured matrix');
      const isOfIt = (evidence: Evidence) => {
        if (evidence.revision.id !== revision) throw new Error(`evidence of revision ${evidence.revision.id}`);
      };
      return await evidenceOf(cloud, isOfIt, { waitMs: PATIENCE_MS, signal });
    },
    shadows: async () => ({
      network: await cloud.readShadow('network'),
      isolation: await cloud.readShadow('isolation'),
    }),
  };
}
