import { Command } from 'commander';
import { restore } from '../../components/network-manager/apply.ts';
import { reportApplied } from './apply.ts';
import { meaningOnTruck } from './compile-for-truck.ts';
import { EXIT, ExitError } from './exit.ts';
import { stepReporter, waiting } from './step-reporter.ts';
import {
  jsonOption,
  openTruck,
  type TruckOptions,
  truckOptions,
  type WaitOption,
  waitOption,
} from './truck-options.ts';

export function recoverCommand(): Command {
  const command = new Command('recover')
    .description(
      'after a crash: back to the policy that was in force, or on with the first; a removal that was cut short is finished',
    )
    .addOption(waitOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak recover')
    .action(async (options: TruckOptions & WaitOption & { readonly json: boolean }) => {
      const mean = await meaningOnTruck(options);
      const recovered = await restore(mean, openTruck(options), { ...waiting(options), ...stepReporter(options.json) });
      if (recovered === null) {
        throw new ExitError(EXIT.badInput, 'no policy was applied on this truck: firebreak apply POLICY');
      }
      const { to, applied } = recovered;
      reportApplied(applied, options.json, { revision: to === 'bare' ? null : to.revision });
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}
