import { Command, Option } from 'commander';
import { eventSources } from '../../components/network-manager/events.ts';
import { hold } from '../../components/network-manager/hold.ts';
import { PACE, type WatchReport, watch } from '../../components/network-manager/watch.ts';
import { describe } from '../truck/steps.ts';
import { compileApart, goalApart } from './compile-apart.ts';
import { interruptible } from './interrupt.ts';
import { paint, print } from './output.ts';
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
  /** Seconds. */
  readonly fullLook: number;
  readonly json: boolean;
}

export function watchCommand(): Command {
  const command = new Command('watch')
    .description(
      'keep the policy in force: repair whatever has changed, also after a crash; until Ctrl-C or SIGTERM, which change nothing',
    )
    .argument(
      '[policy]',
      'policy file to apply first, YAML or JSON; - for standard input; without one, that which was in force',
    )
    .addOption(
      new Option('--full-look <seconds>', 'look after so long, though nothing was noticed')
        .argParser(seconds)
        .default(PACE.fullLookMs / 1000),
    )
    .addOption(waitOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  sudo firebreak watch\n  sudo firebreak watch examples/article.yaml')
    .action(async (file: string | undefined, options: Options) => {
      const truck = openTruck(options);
      const told = file === undefined ? null : await goalApart(file, options);
      const mean = (document: string) => compileApart(document, options);
      await interruptible('', (signal) => {
        const { repair, sysctls } = hold(told, mean, truck, { patienceMs: options.wait * 1000, signal });
        return watch({
          repair,
          sources: eventSources(truck.docker, sysctls),
          say: options.json ? sayJson : sayLine,
          pace: { ...PACE, fullLookMs: options.fullLook * 1000 },
          signal,
        });
      });
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}

/** One line of JSON for each report. */
function sayJson(report: WatchReport): void {
  const steps = 'steps' in report ? { steps: report.steps.map(describe) } : {};
  print(JSON.stringify({ at: new Date().toISOString(), ...rounded(report), ...steps }));
}

function sayLine(report: WatchReport): void {
  print(`${paint('dim', new Date().toISOString())} ${inWords(report)}`);
}

function inWords(report: WatchReport): string {
  switch (report.event) {
    case 'as-desired':
      return paint('green', 'nothing to do');
    case 'noticed':
      return `${paint('yellow', 'noticed')} after ${rounded(report).sinceMs} ms: ${report.steps.map(describe).join('; ')}`;
    case 'repaired': {
      const { sinceMs, tookMs } = rounded(report);
      return `${paint('green', 'repaired')} within ${sinceMs} ms (${tookMs} ms at work): ${report.steps.map(describe).join('; ')}`;
    }
    case 'failed':
      return `${paint('red', 'failed')}, again in ${report.retryInMs / 1000} s: ${report.why}`;
    case 'obstructed':
      return `${paint('red', 'in the way')}: ${report.obstacles.map(({ what, remedy }) => `${what}: ${remedy}`).join('; ')}`;
    case 'source-lost':
      return `${paint('yellow', 'no events')} of ${report.source} for now: ${report.why}`;
  }
}

/** Nobody reads parts of milliseconds. */
function rounded<Report extends WatchReport>(report: Report): Report {
  const times = Object.entries(report).filter(([name]) => name === 'sinceMs' || name === 'tookMs');
  return { ...report, ...Object.fromEntries(times.map(([name, value]) => [name, Math.round(Number(value))])) };
}
