import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { evidenceFolder } from '../../../fleet/names.ts';
import { type Evidence, verdictOf } from '../../../shadow/index.ts';
import { EXIT, ExitError } from '../../exit.ts';
import { interruptible } from '../../interrupt.ts';
import { paint, print, printJson } from '../../output.ts';
import { Progress } from '../../progress.ts';
import { jsonOption } from '../../truck-options.ts';
import type { FleetArchive } from '../cloud.ts';
import { type FleetOptions, fleetOptions, withFleet } from '../connection.ts';
import { arrivalDays, Gathering, type Period } from './gather.ts';

interface Options extends FleetOptions {
  readonly from: number;
  readonly to: number;
  readonly bucket: string;
  readonly thing?: readonly string[];
  readonly late: number;
  readonly out: string;
}

export function fleetEvidenceCommand(): Command {
  const command = new Command('evidence')
    .description(
      'export the evidence of a period from the archive, whole and verified, one a line; exit code 1 if some of it is not whole',
    )
    .addOption(
      new Option('--from <time>', 'measured at or after it: ISO 8601, UTC unless it says otherwise')
        .argParser(time)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--to <time>', 'measured before it').argParser(time).default(Date.now(), 'now'))
    .addOption(
      new Option('--bucket <name>', 'the archive: an output of the fleet’s stacks')
        .env('FIREBREAK_EVIDENCE_BUCKET')
        .makeOptionMandatory(),
    )
    .option('--thing <name...>', 'of these trucks only')
    .addOption(
      new Option('--late <days>', 'so long a truck may have been away before it delivered').argParser(days).default(7),
    )
    .option('--out <file>', 'where it goes, JSON lines', 'evidence.jsonl')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak fleet evidence --from 2026-11-01 --to 2026-12-01 --bucket firebreak-evidence\n  firebreak fleet evidence --from 2026-11-24T06:00 --bucket firebreak-evidence --thing truck-7 --out truck-7.jsonl --json',
    )
    .action(async (options: Options) => {
      if (options.from >= options.to) throw new ExitError(EXIT.badInput, '--from is not before --to');
      await withFleet(options, ({ archive }) =>
        interruptible(`interrupted; ${options.out} is not whole`, (signal) => exportTo(archive, options, signal)),
      );
    });
  for (const option of fleetOptions()) command.addOption(option);
  return command;
}

/** A date without a zone is UTC, as evidence's own times are. */
export function time(text: string): number {
  const whole = /^\d{4}-\d{2}-\d{2}T[\d:.]+$/.test(text) ? `${text}Z` : text;
  const value = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(whole) : Number.NaN;
  if (Number.isNaN(value)) throw new InvalidArgumentError('It is a time such as 2026-11-24 or 2026-11-24T06:00:00Z.');
  return value;
}

function days(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 366) throw new InvalidArgumentError('It is 0 to 366 days.');
  return value;
}

async function exportTo(archive: FleetArchive, options: Options, signal: AbortSignal): Promise<void> {
  const progress = new Progress(options.json);
  const gathering = new Gathering(options);
  const told = { evidence: 0, trucks: new Set<string>(), verdicts: {} as Record<string, number> };
  const file = (await opened(options.out)).createWriteStream();
  try {
    for await (const evidence of evidenceIn(archive, gathering, options, progress, signal)) {
      told.evidence++;
      told.trucks.add(evidence.thing);
      const verdict = verdictOf(evidence.matrix, evidence.bypasses);
      told.verdicts[verdict] = (told.verdicts[verdict] ?? 0) + 1;
      file.write(`${JSON.stringify(evidence)}\n`);
      if (file.writableNeedDrain) await once(file, 'drain');
    }
    file.end();
    await finished(file);
  } catch (error) {
    file.destroy();
    throw error;
  } finally {
    progress.done();
  }
  conclude({ ...told, trucks: told.trucks.size }, gathering, options);
}

/** Before anything is asked. @throws ExitError */
async function opened(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'w', 0o600);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ExitError(EXIT.badInput, `${file} can't be written: ${why}`);
  }
}

async function* evidenceIn(
  archive: FleetArchive,
  gathering: Gathering,
  { thing: things, bucket, late, ...period }: Options & Period,
  progress: Progress,
  signal: AbortSignal,
): AsyncGenerator<Evidence> {
  for (const day of arrivalDays(period, late)) {
    if (day.getTime() > Date.now()) return;
    progress.say(`what arrived on ${day.toISOString().slice(0, 10)}`);
    for await (const name of archive.objects(bucket, evidenceFolder(day))) {
      signal.throwIfAborted();
      const lines = (await archive.read(bucket, name)).split('\n');
      for (const [index, line] of lines.entries()) {
        if (line.trim() === '') continue;
        const evidence = gathering.add(line, `${name}:${index + 1}`);
        if (evidence !== null && (things === undefined || things.includes(evidence.thing))) yield evidence;
      }
    }
  }
}

const SHOWN = 10;

/** @throws ExitError if something in the archive is not whole */
function conclude(
  told: { readonly evidence: number; readonly trucks: number; readonly verdicts: Readonly<Record<string, number>> },
  gathering: Gathering,
  { out, json, thing: things, ...period }: Options,
): void {
  const incomplete = gathering.incomplete().filter(({ thing }) => things === undefined || things.includes(thing));
  const { rejected } = gathering;
  const span = { from: new Date(period.from).toISOString(), to: new Date(period.to).toISOString() };
  const details = { file: out, ...span, ...told, incomplete, rejected };
  const verdicts = Object.entries(told.verdicts).map(([verdict, count]) => `${count} ${verdict}`);
  const summary = `${out}: ${told.evidence} measurements of ${told.trucks} trucks${verdicts.length > 0 ? `: ${verdicts.join(', ')}` : ''}`;
  if (incomplete.length + rejected.length > 0) {
    const lines = [
      ...incomplete.map(({ thing, at, missing }) => `  ${thing}, ${at}: parts ${missing.join(', ')} are missing`),
      ...rejected.map(({ where, why }) => `  ${where}: ${why}`),
    ];
    const more = lines.length > SHOWN ? [`  and ${lines.length - SHOWN} more`] : [];
    throw new ExitError(EXIT.failed, [`${summary}; left out:`, ...lines.slice(0, SHOWN), ...more].join('\n'), details);
  }
  if (json) printJson(details);
  else print(`${paint('green', 'exported')} ${summary}`);
}
