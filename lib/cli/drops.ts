import { Command } from 'commander';
import { dropsNow } from '../../components/isolation-tester/drops.ts';
import { goalInForce } from './goal-in-force.ts';
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
      const { revision, document } = await goalInForce(state.checkpoint);
      const drops = await dropsNow(policyOf(document, 'the policy in force'), docker);
      if (options.json) printJson({ revision, drops });
      else for (const line of dropLines(drops)) print(line);
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}
