import { Command } from 'commander';
import { confirmChange } from '../../components/network-manager/apply.ts';
import { NotPendingError } from '../../components/network-manager/confirmation.ts';
import { meaningOnTruck } from './compile-for-truck.ts';
import { EXIT, ExitError } from './exit.ts';
import { paint, print, printJson } from './output.ts';
import { waiting } from './step-reporter.ts';
import {
  jsonOption,
  openTruck,
  type TruckOptions,
  truckOptions,
  type WaitOption,
  waitOption,
} from './truck-options.ts';

export function confirmCommand(): Command {
  const command = new Command('confirm')
    .description(
      'keep what an apply --confirm-within has put in force; without it, that is rolled back at the end of its time',
    )
    .argument('[revision]', 'only if it is this one')
    .addOption(waitOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak confirm')
    .action(async (revision: string | undefined, options: TruckOptions & WaitOption & { readonly json: boolean }) => {
      const mean = await meaningOnTruck(options);
      const goal = await confirmChange(revision ?? null, mean, openTruck(options), waiting(options)).catch(inWords);
      if (options.json) printJson({ revision: goal.revision });
      else print(`${paint('green', 'confirmed')}: revision ${goal.revision} stays in force`);
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}

function inWords(error: unknown): never {
  if (error instanceof NotPendingError)
    throw new ExitError(EXIT.badInput, `${error.message}; firebreak status says more`);
  throw error;
}
