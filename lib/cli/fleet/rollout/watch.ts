import { setTimeout as pause } from 'node:timers/promises';
import { Command, Option } from 'commander';
import type { Ring } from '../../../fleet/names.ts';
import { EXIT, ExitError } from '../../exit.ts';
import { interruptible, unlessInterrupted } from '../../interrupt.ts';
import { paint, print, printJson } from '../../output.ts';
import { Progress } from '../../progress.ts';
import { jsonOption, seconds } from '../../truck-options.ts';
import type { FleetRollouts, Rollout, RolloutCounts } from '../cloud.ts';
import { type FleetOptions, fleetOptions, withFleet } from '../connection.ts';
import { ringOption, rolloutOf } from './ring.ts';
import { countLine, type Stage, stageOf } from './stage.ts';

interface Options extends FleetOptions {
  readonly ring: Ring;
  /** Seconds. */
  readonly every: number;
  readonly timeout: number;
}

interface Look {
  readonly rollout: Rollout;
  readonly counts: RolloutCounts;
  readonly stage: Stage;
}

export function rolloutWatchCommand(): Command {
  const command = new Command('watch')
    .description('follow the newest rollout of a ring until no truck waits for it; exit code 1 unless all have it')
    .addOption(ringOption())
    .addOption(new Option('--every <seconds>', 'how often to look').argParser(seconds).default(10))
    .addOption(new Option('--timeout <seconds>', 'how long; 0 is one look').argParser(seconds).default(3600))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak fleet rollout watch --ring canary\n  firebreak fleet rollout watch --ring early --timeout 0 --json',
    )
    .action(async (options: Options) => {
      await withFleet(options, async ({ rollouts }) => {
        const last = await interruptible('interrupted; the rollout goes on', (signal) =>
          follow(rollouts, options, signal),
        );
        await conclude(rollouts, last, options);
      });
    });
  for (const option of fleetOptions()) command.addOption(option);
  return command;
}

/** The last look: nothing more comes of it, or the time is over. */
async function follow(rollouts: FleetRollouts, options: Options, signal: AbortSignal): Promise<Look> {
  const progress = new Progress(options.json);
  const end = performance.now() + options.timeout * 1000;
  let said = '';
  try {
    const { id } = await unlessInterrupted(signal, rolloutOf(rollouts, options.stage, options.ring));
    for (;;) {
      const rollout = await unlessInterrupted(signal, rollouts.get(id));
      const counts = await unlessInterrupted(signal, rollouts.counts(rollout.jobId));
      const stage = stageOf(rollout, counts);
      const line = countLine(counts);
      if (line !== said) progress.say(line);
      said = line;
      if (stage !== 'running' || performance.now() >= end) return { rollout, counts, stage };
      await unlessInterrupted(signal, pause(options.every * 1000, undefined, { signal }));
    }
  } finally {
    progress.done();
  }
}

const SHOWN = 20;

/** @throws ExitError unless all trucks have it */
async function conclude(rollouts: FleetRollouts, { rollout, counts, stage }: Look, { ring, json }: Options) {
  const failed: { readonly thing: string; readonly status: string }[] = [];
  for await (const one of rollouts.failed(rollout.jobId)) if (failed.push(one) === SHOWN) break;
  const details = { ring, deployment: rollout.id, stage, counts, failed };
  if (stage === 'done') {
    if (json) printJson(details);
    else print(`${paint('green', 'done')}: deployment ${rollout.id} of ring ${ring}: ${countLine(counts)}`);
    return;
  }
  const why = counts.reason === undefined ? '' : ` (${counts.reason})`;
  const lines = failed.map(({ thing, status }) => `  ${thing}: ${status.toLowerCase().replace('_', ' ')}`);
  const message = `deployment ${rollout.id} of ring ${ring} is ${stage}${why}: ${countLine(counts)}`;
  throw new ExitError(EXIT.failed, [message, ...lines].join('\n'), details);
}
