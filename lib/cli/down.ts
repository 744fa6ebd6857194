import { Command } from 'commander';
import { remove } from '../../components/network-manager/apply.ts';
import { reportApplied } from './apply.ts';
import { stepReporter, waiting } from './step-reporter.ts';
import {
  jsonOption,
  openTruck,
  type TruckOptions,
  truckOptions,
  type WaitOption,
  waitOption,
} from './truck-options.ts';

export function downCommand(): Command {
  const command = new Command('down')
    .description('remove what Firebreak made on this truck, and nothing else')
    .addOption(waitOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak down')
    .action(async (options: TruckOptions & WaitOption & { readonly json: boolean }) => {
      reportApplied(
        await remove(openTruck(options), { ...waiting(options), ...stepReporter(options.json) }),
        options.json,
      );
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}
