import { resolve } from 'node:path';
import { Command } from 'commander';
import { type Confirmation, guardChange } from '../../components/network-manager/apply.ts';
import type { Moment } from '../../components/network-manager/checkpoint.ts';
import { standGuard, startGuard } from '../../components/network-manager/guard.ts';
import { meaningOnTruck } from './compile-for-truck.ts';
import { remark } from './output.ts';
import { openTruck, type TruckOptions, truckOptions } from './truck-options.ts';

/** Nobody calls it but an apply, through guard.ts. */
export function guardCommand(): Command {
  const command = new Command('guard')
    .description(
      'roll back what an apply --confirm-within has put in force, unless it is confirmed; started by that itself',
    )
    .argument('<boot>', 'of the deadline')
    .argument('<uptime>', 'of the deadline, in milliseconds')
    .addHelpText('after', '\nExample:\n  sudo firebreak guard 6d2b13a5-0c0e-4d6c-9d2e-1f3a9b1f5c11 360000')
    .action(async (boot: string, uptime: string, options: TruckOptions) => {
      const truck = openTruck(options);
      const rollBack = async () =>
        guardChange({ boot, uptimeMs: Number(uptime) }, await meaningOnTruck(options), truck);
      await standGuard(rollBack, remark);
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}

/** A change that this command line's own guard rolls back. @param seconds until then */
export function guarded(seconds: number, options: TruckOptions): Confirmation {
  const withinMs = seconds * 1000;
  const { guards } = openTruck(options).state;
  return { withinMs, guard: (deadline) => startGuard(program(deadline, options), resolve(guards), deadline, withinMs) };
}

function program({ boot, uptimeMs }: Moment, { docker, state, routerImage }: TruckOptions): readonly string[] {
  const image = routerImage === undefined ? [] : ['--router-image', resolve(routerImage)];
  const where = ['--docker', docker, '--state', resolve(state), ...image];
  const node = [process.execPath, ...process.execArgv, process.argv[1] ?? ''];
  return [...node, 'guard', ...where, boot, String(uptimeMs)];
}
