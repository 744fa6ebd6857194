import { Command } from 'commander';
import { dropsNow } from '../../components/isolation-tester/drops.ts';
import { readCheckpoint } from '../../components/network-manager/checkpoint.ts';
import { EXIT, ExitError } from './exit.ts';
import { print, printJson } from './output.ts';
import { policyOf } from './read-policy.ts';
import { dropLines } from './show-drops.ts';
import { jsonOption, openTruck, type TruckOptions, truckOptions } from './truck-options.ts';

export function dropsCommand(): Command {
  const command = new Command('drops')
    .description('why something does not work: what edge and router have dropped in the last hour, by pairs')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak drops')
    .action(async (options: TruckOptions & { readonly json: boolean }) => {
      const { docker, state } = openTruck(options);
      const { good, underway } = await readCheckpoint(state.checkpoint);
      const inForce = good ?? (underway === 'removal' ? null : underway);
      if (inForce === null) throw new ExitError(EXIT.failed, 'no policy is in force, so nothing is dropped');
      const drops = await dropsNow(policyOf(inForce.document, `revision ${inForce.revision}`), docker);
      if (options.json) printJson({ revision: inForce.revision, drops });
      else for (const line of dropLines(drops)) print(line);
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}
