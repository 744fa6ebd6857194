import { Command, Option } from 'commander';
import { bootMoment } from '../../components/host/boot-clock.ts';
import type { Applied } from '../../components/network-manager/applied.ts';
import { apply, planApply } from '../../components/network-manager/apply.ts';
import { remainingMs } from '../../components/network-manager/provisional.ts';
import { RolledBackError } from '../../components/network-manager/transaction.ts';
import { describe } from '../truck/steps.ts';
import { compileForTruck } from './compile-for-truck.ts';
import { EXIT, ExitError } from './exit.ts';
import { guarded } from './guard.ts';
import { paint, print, printJson, remark } from './output.ts';
import { stepReporter, waiting } from './step-reporter.ts';
import {
  jsonOption,
  openTruck,
  seconds,
  type TruckOptions,
  truckOptions,
  type WaitOption,
  waitOption,
} from './truck-options.ts';

interface Options extends TruckOptions, WaitOption {
  readonly dryRun: boolean;
  /** Seconds. */
  readonly confirmWithin?: number;
  readonly json: boolean;
}

export function applyCommand(): Command {
  const command = new Command('apply')
    .description(
      'make the truck network what the policy says, or, if that fails, again what it was; a second time does nothing',
    )
    .argument('<policy>', 'policy file, YAML or JSON; - for standard input')
    .option('--dry-run', 'print the steps and do none', false)
    .addOption(
      new Option(
        '--confirm-within <seconds>',
        'roll back so soon after its beginning, unless firebreak confirm',
      ).argParser(seconds),
    )
    .addOption(waitOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak apply --dry-run examples/article.yaml\n  sudo firebreak apply examples/article.yaml',
    )
    .action(async (file: string, options: Options) => {
      const { policy, goal, mean } = await compileForTruck(file, options);
      const truck = openTruck(options);
      if (options.dryRun) {
        const { steps } = await planApply(await mean(goal.document), truck);
        if (options.json) printJson({ revision: policy.revision, steps: steps.map(describe) });
        else for (const step of steps) print(describe(step));
        return;
      }
      const { confirmWithin } = options;
      const applied = await apply(goal, mean, truck, {
        ...waiting(options),
        ...stepReporter(options.json),
        ...(confirmWithin === undefined ? {} : { confirmation: guarded(confirmWithin, options) }),
      }).catch(withDetails);
      const left = applied.confirmBy === null ? null : Math.floor(remainingMs(applied.confirmBy, bootMoment()) / 1000);
      reportApplied(applied, options.json, { revision: policy.revision, confirmWithinSeconds: left });
      if (left !== null && !options.json) remark(`rolled back in ${left} s, unless: firebreak confirm`);
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}

/** Which revision is in force again, for --json. */
function withDetails(error: unknown): never {
  if (!(error instanceof RolledBackError)) throw error;
  throw new ExitError(EXIT.failed, error.message, { rolledBackTo: error.revision });
}

/** @throws ExitError if the truck is not what was asked for. */
export function reportApplied(
  { steps, drift, absent }: Applied,
  json: boolean,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const result = { ...more, steps: steps.map(describe), drift: drift.map(describe), absent };
  if (drift.length > 0) {
    throw new ExitError(
      EXIT.failed,
      `after ${steps.length} steps the truck still differs:\n${result.drift.join('\n')}`,
      result,
    );
  }
  if (json) {
    printJson(result);
    return;
  }
  for (const name of absent) remark(`container ${name} is to be adopted, but is not there yet`);
  print(steps.length === 0 ? 'nothing to do' : paint('green', `${steps.length} steps done, no drift`));
}
