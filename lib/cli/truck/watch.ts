import { Command } from 'commander';
import { collect, type Evidence, NOTHING_COLLECTED, readPart, SHADOWS, type ShadowName } from '../../shadow/index.ts';
import { interruptible, unlessInterrupted } from '../interrupt.ts';
import { paint, print } from '../output.ts';
import { tally } from '../show-matrix.ts';
import { jsonOption } from '../truck-options.ts';
import type { Cloud, Shadow } from './cloud.ts';
import { type ConnectionOptions, connectionOptions, withCloud } from './connection.ts';
import { isolationOf, networkOf } from './reported.ts';
import { isolationLines, networkLines } from './show-truck.ts';

interface Options extends ConnectionOptions {
  readonly json: boolean;
}

export function truckWatchCommand(): Command {
  const command = new Command('watch')
    .description('what a truck reports, as it changes; with a certificate also its evidence; until Ctrl-C')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  firebreak truck watch --thing truck-7 --endpoint HOST --cert operator.pem --key operator.key --json',
    )
    .action(async (options: Options) => {
      const reporter = options.json ? jsonReporter : lineReporter;
      await interruptible('', (signal) => withCloud(options, (cloud) => watchTruck(cloud, options, reporter, signal)));
    });
  for (const option of connectionOptions()) command.addOption(option);
  return command;
}

interface Reporter {
  readonly shadow: (name: ShadowName, shadow: Shadow | null) => void;
  readonly evidence: (evidence: Evidence) => void;
  readonly problem: (why: string) => void;
}

async function watchTruck(cloud: Cloud, { cert, lab }: Options, say: Reporter, signal: AbortSignal): Promise<void> {
  let collection = NOTHING_COLLECTED;
  const hear = (payload: Uint8Array) => {
    try {
      const collected = collect(collection, readPart(payload));
      collection = collected.collection;
      if (collected.evidence !== undefined) say.evidence(collected.evidence);
      if (collected.problem !== undefined) say.problem(collected.problem);
    } catch (error) {
      say.problem(error instanceof Error ? error.message : String(error));
    }
  };
  const listening =
    cert === undefined && lab === undefined ? Promise.resolve() : cloud.listen(hear, () => undefined, signal);
  const both = Promise.all([listening, cloud.follow(SHADOWS, say.shadow, signal)]);
  await unlessInterrupted(signal, both).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

const jsonReporter: Reporter = {
  shadow: (name, shadow) => sayJson({ shadow: name, ...shadow }),
  evidence: ({ thing, revision, at, matrix }) =>
    sayJson({ evidence: { thing, revision, at, verdict: matrix.verdict, counts: matrix.counts } }),
  problem: (why) => sayJson({ problem: why }),
};

/** One line of JSON for each change. */
function sayJson(what: object): void {
  print(JSON.stringify({ at: new Date().toISOString(), ...what }));
}

const lineReporter: Reporter = {
  shadow: (name, shadow) =>
    sayLines(name === 'network' ? networkLines(networkOf(shadow)) : isolationLines(isolationOf(shadow))),
  evidence: ({ revision, matrix }) =>
    sayLines([`evidence: ${matrix.verdict}, revision ${revision.id}: ${tally(matrix.counts)}`]),
  problem: (why) => sayLines([`${paint('yellow', 'passed over')}: ${why}`]),
};

function sayLines([first = '', ...rest]: readonly string[]): void {
  print(`${paint('dim', new Date().toISOString())} ${first}`);
  for (const line of rest) print(line);
}
