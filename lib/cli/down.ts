import { Command } from 'commander';
import { remove } from '../../components/network-manager/apply.ts';
import { reportApplied } from './apply.ts';
import { stepReporter } from './step-reporter.ts';
import { jsonOption, openTruck, type TruckOptions, truckOptions } from './truck-options.ts';

export function downCommand(): Command {
  const command = new Command('down')
    .description('remove what Firebreak made on this truck, and nothing else')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak down')
    .action(async (options: TruckOptions & { readonly json: boolean }) => {
      reportApplied(await remove(openTruck(options), stepReporter(options.json)), options.json);
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}
