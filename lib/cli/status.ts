import { Command } from 'commander';
import { bootMoment } from '../../components/host/boot-clock.ts';
import { planApply } from '../../components/network-manager/apply.ts';
import { readCheckpoint } from '../../components/network-manager/checkpoint.ts';
import { whoChanges } from '../../components/network-manager/lock.ts';
import { isPending, isProvisional, remainingMs } from '../../components/network-manager/provisional.ts';
import { describe } from '../truck/steps.ts';
import { meaningOnTruck } from './compile-for-truck.ts';
import { EXIT, ExitError } from './exit.ts';
import { paint, print, printJson } from './output.ts';
import { jsonOption, openTruck, type TruckOptions, truckOptions } from './truck-options.ts';

export function statusCommand(): Command {
  const command = new Command('status')
    .description('which policy is in force, and what on the truck differs from it; exit code 1 if anything does')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak status')
    .action(async (options: TruckOptions & { readonly json: boolean }) => {
      const truck = openTruck(options);
      const changing = whoChanges(truck.state.lock);
      const { good, underway } = await readCheckpoint(truck.state.checkpoint);
      const mean = await meaningOnTruck(options);
      const waits = isProvisional(underway) && isPending(underway, bootMoment());
      const confirmWithinSeconds = waits
        ? Math.floor(remainingMs(underway.provisional.deadline, bootMoment()) / 1000)
        : null;
      const inForce = waits ? underway : good;
      const drift = inForce === null ? [] : (await planApply(await mean(inForce.document), truck)).steps.map(describe);
      const status: Status = {
        revision: good?.revision ?? null,
        underway: underway === null || underway === 'removal' ? underway : underway.revision,
        confirmWithinSeconds,
        changing,
        drift,
      };
      if (!options.json) for (const line of inWords(status)) print(line);
      if (drift.length > 0 || (underway !== null && !waits)) {
        const remedy = changing === null ? 'firebreak recover' : 'ask again when that has ended';
        throw new ExitError(EXIT.failed, `the truck is not what its policy says: ${remedy}`, { ...status });
      }
      if (options.json) printJson(status);
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}

interface Status {
  /** In force. */
  readonly revision: string | null;
  /** Begun and not ended: the revision, or a removal. */
  readonly underway: string | null;
  /** It is in force, and rolled back after so long unless it is confirmed; null: nothing waits for that. */
  readonly confirmWithinSeconds: number | null;
  /** Who is at it. */
  readonly changing: string | null;
  /** What would mend the differences. */
  readonly drift: readonly string[];
}

function inWords(status: Status): readonly string[] {
  const { revision, underway, confirmWithinSeconds, changing, drift } = status;
  const change = underway === 'removal' ? 'a removal' : `a change to revision ${underway}`;
  return [
    revision === null ? 'no policy is in force' : `revision ${revision} is in force`,
    ...(changing === null ? [] : [`this truck is being changed by ${changing}`]),
    ...(confirmWithinSeconds !== null
      ? [
          `revision ${underway} was put in force over it, and is rolled back in ${confirmWithinSeconds} s, unless: firebreak confirm`,
        ]
      : underway === null
        ? []
        : [changing === null ? paint('red', `${change} was cut short`) : `${change} is under way`]),
    ...drift.map((step) => `${paint('red', 'differs')}: ${step}`),
  ];
}
