import { Command, Option } from 'commander';
import type { Evidence } from '../../shadow/index.ts';
import { EXIT, ExitError } from '../exit.ts';
import { interruptible } from '../interrupt.ts';
import { print, printJson } from '../output.ts';
import { Progress } from '../progress.ts';
import { showMatrix, tally } from '../show-matrix.ts';
import { jsonOption, seconds } from '../truck-options.ts';
import type { Cloud } from './cloud.ts';
import { type ConnectionOptions, connectionOptions, withCloud } from './connection.ts';
import { evidenceOf } from './evidence.ts';
import { type Isolation, isolationOf } from './reported.ts';

interface Options extends ConnectionOptions {
  /** Seconds. */
  readonly timeout?: number;
  readonly json: boolean;
}

export function truckMatrixCommand(): Command {
  const command = new Command('matrix')
    .description(
      'the whole matrix of a truck’s last measurement that was news, from its evidence; exit code 1 unless all hold',
    )
    .addOption(
      new Option(
        '--timeout <seconds>',
        'how long to wait; a minute longer than until the next measurement is due',
      ).argParser(seconds),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  firebreak truck matrix --thing truck-7 --endpoint HOST --cert operator.pem --key operator.key',
    )
    .action(async (options: Options) => {
      const evidence = await withCloud(options, (cloud) =>
        interruptible('interrupted', (signal) => nextEvidence(cloud, options, signal)),
      );
      const { matrix, vantages, revision, at, thing } = evidence;
      if (!options.json) {
        print(`${thing}, revision ${revision.id}, measured ${at}`);
        print(showMatrix(matrix, vantages as Parameters<typeof showMatrix>[1]));
      }
      if (matrix.verdict !== 'isolated')
        throw new ExitError(EXIT.failed, `not proved isolated: ${tally(matrix.counts)}`, { ...evidence });
      if (options.json) printJson(evidence);
    });
  for (const option of connectionOptions()) command.addOption(option);
  return command;
}

/** A minute: a measurement takes some seconds, and reports are spaced. */
const GRACE_MS = 60_000;

/** The evidence that the cloud has retained, or the next, that is whole and unchanged. @throws ExitError when none comes in time */
async function nextEvidence(cloud: Cloud, { thing, timeout, json }: Options, signal: AbortSignal): Promise<Evidence> {
  const isolation = isolationOf(await cloud.readShadow('isolation'));
  const progress = new Progress(json);
  const due = isolation?.nextAt === undefined ? '' : `, next measurement ${isolation.nextAt}`;
  const waitMs = timeout === undefined ? patienceFor(isolation, Date.now()) : timeout * 1000;
  progress.say(`evidence of ${thing}${due}`);
  return evidenceOf(cloud, (evidence) => current(evidence, thing, isolation), { waitMs, signal }).finally(
    progress.done,
  );
}

/** @throws Error unless it is this truck's, and no older than what its shadow tells */
function current(evidence: Evidence, thing: string, isolation: Isolation | null): void {
  if (evidence.thing !== thing) throw new Error(`evidence of ${evidence.thing}`);
  if (isolation !== null && Date.parse(evidence.at) < Date.parse(isolation.measuredAt))
    throw new Error(`evidence of ${evidence.at}; the shadow tells of ${isolation.measuredAt}`);
}

function patienceFor(isolation: Isolation | null, now: number): number {
  const due = Date.parse(isolation?.nextAt ?? '');
  return Math.min(86_400_000, Math.max(0, (Number.isNaN(due) ? now : due) - now) + GRACE_MS);
}
