import { Command } from 'commander';
import { fleetEvidenceCommand } from './evidence/evidence.ts';
import { fleetPolicySetCommand } from './policy/set.ts';
import { rolloutAbortCommand } from './rollout/abort.ts';
import { rolloutStartCommand } from './rollout/start.ts';
import { rolloutWatchCommand } from './rollout/watch.ts';
import { fleetStatusCommand } from './status.ts';
import { truckAddCommand } from './truck/add.ts';
import { truckInstallCommand } from './truck/install.ts';
import { fleetTrucksCommand } from './trucks.ts';

export function fleetCommand(): Command {
  return new Command('fleet')
    .description('ask and tell all trucks of an AWS account')
    .addHelpText('after', '\nExample:\n  firebreak fleet status')
    .addCommand(fleetStatusCommand())
    .addCommand(fleetTrucksCommand())
    .addCommand(
      new Command('policy')
        .description('the policy that is desired of trucks')
        .addHelpText('after', '\nExample:\n  firebreak fleet policy set examples/article.yaml --ring canary --dry-run')
        .addCommand(fleetPolicySetCommand()),
    )
    .addCommand(
      new Command('rollout')
        .description("rolling Firebreak's components out, ring by ring")
        .addHelpText('after', '\nExample:\n  firebreak fleet rollout watch --ring canary')
        .addCommand(rolloutStartCommand())
        .addCommand(rolloutWatchCommand())
        .addCommand(rolloutAbortCommand()),
    )
    .addCommand(
      new Command('truck')
        .description('new trucks of the fleet')
        .addHelpText('after', '\nExample:\n  firebreak fleet truck add 10000000a1b2c3d4 --ring canary')
        .addCommand(truckAddCommand())
        .addCommand(truckInstallCommand()),
    )
    .addCommand(fleetEvidenceCommand());
}
