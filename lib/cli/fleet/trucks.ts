import { Command, InvalidArgumentError, Option } from 'commander';
import { RINGS, ringGroup } from '../../fleet/names.ts';
import { EXIT, ExitError } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { Progress } from '../progress.ts';
import { table } from '../table.ts';
import { isolationOf, networkOf } from '../truck/reported.ts';
import { jsonOption } from '../truck-options.ts';
import type { FleetIndex, IndexedTruck } from './cloud.ts';
import { type FleetOptions, fleetOptions, withFleet } from './connection.ts';
import { SHORT_NAMES, trucksWhere } from './where.ts';

interface Options extends FleetOptions {
  readonly where?: string;
  readonly limit: number;
}

/** What of a truck is listed. */
interface Row {
  readonly thing: string;
  readonly ring?: string;
  readonly connected?: boolean;
  readonly status?: string;
  readonly revision?: string;
  readonly verdict?: string;
  readonly measuredAt?: string;
}

export function fleetTrucksCommand(): Command {
  const command = new Command('trucks')
    .description('the trucks that satisfy a condition, and what they last reported')
    .addOption(
      new Option(
        '--where <query>',
        `AWS IoT's query syntax; short for fields: ${[...Object.keys(SHORT_NAMES), 'ring', 'depot'].join(', ')}`,
      ),
    )
    .addOption(new Option('--limit <trucks>', 'no more than so many').argParser(positive).default(1000))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak fleet trucks --where verdict:breached\n  firebreak fleet trucks --where ring:canary --limit 20 --json',
    )
    .action(async (options: Options) => {
      const query = queryOf(options.stage, options.where);
      const progress = new Progress(options.json);
      progress.say('trucks are searched');
      const { rows, more } = await withFleet(options, ({ index }) => first(index, query, options)).finally(
        progress.done,
      );
      if (options.json) return printJson({ trucks: rows, more });
      if (rows.length > 0) print(tableOf(rows));
      print(more ? `the first ${rows.length} trucks; --limit says how many` : `${rows.length} trucks`);
    });
  for (const option of fleetOptions()) command.addOption(option);
  return command;
}

/** @throws ExitError */
function queryOf(stage: string, where: string | undefined): string {
  try {
    return trucksWhere(stage, where);
  } catch (error) {
    if (error instanceof RangeError) throw new ExitError(EXIT.badInput, `--where: ${error.message}`);
    throw error;
  }
}

async function first(index: FleetIndex, query: string, { limit: most, stage }: Options) {
  const rows: Row[] = [];
  for await (const truck of index.search(query)) {
    if (rows.length === most) return { rows, more: true };
    rows.push(rowOf(truck, stage));
  }
  return { rows, more: false };
}

function rowOf({ thing, groups, connected, network, isolation }: IndexedTruck, stage: string): Row {
  const ring = RINGS.find((one) => groups.includes(ringGroup(stage, one)));
  const [said, measured] = [networkOf(network), isolationOf(isolation)];
  return {
    thing,
    ...(ring !== undefined && { ring }),
    ...(connected !== undefined && { connected }),
    ...(said !== null && { status: said.status }),
    ...(said?.revision !== undefined && { revision: said.revision.id }),
    ...(measured !== null && { verdict: measured.verdict, measuredAt: measured.measuredAt }),
  };
}

function tableOf(rows: readonly Row[]): string {
  return table(
    ['truck', 'ring', 'connected', 'policy', 'revision', 'isolation', 'measured'],
    rows.map(
      ({ thing, ring = '', connected, status = 'none', revision = '', verdict = 'unmeasured', measuredAt = '' }) => [
        ...[thing, ring, connected === undefined ? '' : connected ? 'yes' : 'no'],
        ...[status, revision, verdict, measuredAt],
      ],
    ),
  );
}

export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It is a whole number of at least 1.');
  return value;
}
