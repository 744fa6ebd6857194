import { Command } from 'commander';
import type { Ring } from '../../../fleet/names.ts';
import { ask } from '../../ask.ts';
import { EXIT, ExitError } from '../../exit.ts';
import { paint, print, printJson } from '../../output.ts';
import { jsonOption } from '../../truck-options.ts';
import { type FleetOptions, fleetOptions, withFleet } from '../connection.ts';
import { ringOption, rolloutOf } from './ring.ts';
import { countLine, stageOf } from './stage.ts';

interface Options extends FleetOptions {
  readonly ring: Ring;
  readonly yes: boolean;
}

export function rolloutAbortCommand(): Command {
  const command = new Command('abort')
    .description('cancel the newest rollout of a ring: trucks that have not begun keep what they have')
    .addOption(ringOption())
    .option('--yes', 'do not ask', false)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  firebreak fleet rollout abort --ring canary --yes')
    .action(async (options: Options) => {
      await withFleet(options, async ({ rollouts }) => {
        const rollout = await rolloutOf(rollouts, options.stage, options.ring);
        const before = await rollouts.counts(rollout.jobId);
        const { ring } = options;
        if (stageOf(rollout, before) === 'cancelled')
          throw new ExitError(EXIT.failed, `deployment ${rollout.id} of ring ${ring} is cancelled already`);
        if (!options.yes) await ask(`ring ${ring}, deployment ${rollout.id}: ${countLine(before)}. Cancel it?`);
        await rollouts.cancel(rollout.id);
        const counts = await rollouts.counts(rollout.jobId);
        if (options.json) return printJson({ ring, deployment: rollout.id, cancelled: true, counts });
        print(
          `${paint('yellow', 'cancelled')}: ${countLine(counts)}. Who has it keeps it; the way back: firebreak fleet rollout start --ring ${ring} --deployment ID`,
        );
      });
    });
  for (const option of fleetOptions()) command.addOption(option);
  return command;
}
