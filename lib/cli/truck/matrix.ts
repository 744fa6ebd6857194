import { Command, Option } from 'commander';
import { collect, type Evidence, NOTHING_COLLECTED, readPart } from '../../shadow/index.ts';
import { EXIT, ExitError } from '../exit.ts';
import { interruptible, unlessInterrupted } from '../interrupt.ts';
import { print, printJson, remark } from '../output.ts';
import { Progress } from '../progress.ts';
import { showMatrix, tally } from '../show-matrix.ts';
import { jsonOption, seconds } from '../truck-options.ts';
import type { Cloud } from './cloud.ts';
import { type ConnectionOptions, connectionOptions, withCloud } from './connection.ts';
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
  const done = new AbortController();
  const progress = new Progress(json);
  let collection = NOTHING_COLLECTED;
  let found: Evidence | undefined;
  const hear = (payload: Uint8Array) => {
    try {
      const collected = collect(collection, readPart(payload));
      collection = collected.collection;
      if (collected.problem !== undefined) throw new Error(collected.problem);
      if (collected.evidence !== undefined) found ??= current(collected.evidence, thing, isolation);
    } catch (error) {
      remark(`passed over: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (found !== undefined) done.abort();
  };
  const waitMs = timeout === undefined ? patienceFor(isolation, Date.now()) : timeout * 1000;
  const timer = setTimeout(() => done.abort(), waitMs);
  const due = isolation?.nextAt === undefined ? '' : `, next measurement ${isolation.nextAt}`;
  try {
    await unlessInterrupted(
      signal,
      cloud.listen(hear, () => progress.say(`evidence of ${thing}${due}`), done.signal),
    );
  } finally {
    clearTimeout(timer);
    done.abort();
    progress.done();
  }
  if (found !== undefined) return found;
  throw new ExitError(EXIT.failed, `no evidence came from ${thing} within ${Math.round(waitMs / 1000)} s`);
}

/** @throws Error unless it is this truck's, and no older than what its shadow tells */
function current(evidence: Evidence, thing: string, isolation: Isolation | null): Evidence {
  if (evidence.thing !== thing) throw new Error(`evidence of ${evidence.thing}`);
  if (isolation !== null && Date.parse(evidence.at) < Date.parse(isolation.measuredAt))
    throw new Error(`evidence of ${evidence.at}; the shadow tells of ${isolation.measuredAt}`);
  return evidence;
}

function patienceFor(isolation: Isolation | null, now: number): number {
  const due = Date.parse(isolation?.nextAt ?? '');
  return Math.min(86_400_000, Math.max(0, (Number.isNaN(due) ? now : due) - now) + GRACE_MS);
}
