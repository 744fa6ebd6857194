import { Command } from 'commander';
import { truckDropsCommand } from './drops.ts';
import { truckMatrixCommand } from './matrix.ts';
import { policyGetCommand } from './policy-get.ts';
import { policySetCommand } from './policy-set.ts';
import { truckStatusCommand } from './status.ts';
import { truckWatchCommand } from './watch.ts';

export function truckCommand(): Command {
  return new Command('truck')
    .description('ask and tell a truck through the cloud: AWS IoT, or a lab’s')
    .addHelpText('after', '\nExample:\n  firebreak truck status --thing truck-7')
    .addCommand(truckStatusCommand())
    .addCommand(
      new Command('policy')
        .description('the policy that is desired of a truck')
        .addHelpText('after', '\nExample:\n  firebreak truck policy get --thing truck-7')
        .addCommand(policyGetCommand())
        .addCommand(policySetCommand()),
    )
    .addCommand(truckMatrixCommand())
    .addCommand(truckDropsCommand())
    .addCommand(truckWatchCommand());
}
