import { Command, Option } from 'commander';
import { isMap } from '../../policy/plain.ts';
import { WishTooLargeError, type WrittenWish, wishId, writeWish } from '../../shadow/index.ts';
import { ask } from '../ask.ts';
import { EXIT, ExitError } from '../exit.ts';
import { interruptible } from '../interrupt.ts';
import { paint, print, printJson, remark } from '../output.ts';
import { Progress } from '../progress.ts';
import { problemLine } from '../read-policy.ts';
import { jsonOption, seconds } from '../truck-options.ts';
import { type Cloud, isCloudError, type Shadow } from './cloud.ts';
import { type ConnectionOptions, connectionOptions, withCloud } from './connection.ts';
import { type Draft, readDraft } from './draft.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { networkOf } from './reported.ts';
import { networkLines, problemLines } from './show-truck.ts';

interface Options extends ConnectionOptions {
  readonly patch: boolean;
  readonly baseline?: string;
  readonly yes: boolean;
  readonly wait: boolean;
  /** Seconds. */
  readonly timeout: number;
  readonly json: boolean;
}

export function policySetCommand(): Command {
  const command = new Command('set')
    .description(
      'write a policy into a truck’s shadow and wait for what comes of it; exit code 2 if it is refused, 1 if it did not hold',
    )
    .argument('<policy>', 'policy file, YAML or JSON; - for standard input')
    .option('--patch', "the file is a patch on the fleet's baseline", false)
    .option('--baseline <policy>', "the fleet's baseline, to check the patch with")
    .option('--yes', 'do not ask', false)
    .option('--no-wait', 'do not wait for the truck')
    .addOption(new Option('--timeout <seconds>', 'how long to wait for the truck').argParser(seconds).default(300))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak truck policy set examples/article.yaml --thing truck-7\n  firebreak truck policy set examples/truck-patch.yaml --patch --baseline examples/fleet-baseline.yaml --thing truck-7 --yes',
    )
    .action(async (file: string, options: Options) => {
      const draft = await readDraft(file, options);
      for (const problem of draft.problems) remark(problemLine(problem));
      await withCloud(options, (cloud) => set(cloud, draft, file, options));
    });
  for (const option of connectionOptions()) command.addOption(option);
  return command;
}

async function set(cloud: Cloud, draft: Draft, file: string, options: Options): Promise<void> {
  const { thing } = options;
  const shadow = await cloud.readShadow('network');
  const sequence = nextSequence(draft, shadow);
  const wish = written(draft, thing, sequence, shadow);
  const revision = draft.policyWith(sequence)?.revision.id ?? `${sequence}, of a baseline that only the truck has`;
  if (!options.yes) {
    for (const line of networkLines(networkOf(shadow))) remark(line);
    await ask(`${thing}: ${draft.what} ${file}, revision ${revision}, ${wish.bytes} bytes. Write it?`);
  }
  const progress = new Progress(options.json);
  progress.say(`${thing}: revision ${revision} is written`);
  const version = await write(cloud, wish, shadow?.version, thing).finally(progress.done);
  const told = { thing, version, sequence, id: wishId(wish.desired) };
  if (!options.wait) return options.json ? printJson(told) : print(`written as version ${version} of the shadow`);

  const outcome = await interruptible('interrupted; the truck goes on', (signal) =>
    outcomeOf(cloud, told.id, {
      timeoutMs: options.timeout * 1000,
      signal,
      onStatus: (status) => progress.say(`${thing}: ${status.replaceAll('-', ' ')}`),
    }),
  ).finally(progress.done);
  conclude(outcome, options, told);
}

/** One more than whatever was, unless the document counts further already: so a truck can tell old from new. */
function nextSequence({ sequence }: Draft, shadow: Shadow | null): number {
  const desired = isMap(shadow?.desired) ? shadow.desired.sequence : undefined;
  const known = [networkOf(shadow)?.revision?.sequence, desired].filter((value) => typeof value === 'number');
  return Math.max(sequence, ...known.map((value) => value + 1));
}

function written(draft: Draft, thing: string, sequence: number, shadow: Shadow | null): WrittenWish {
  try {
    return writeWish({ what: draft.what, document: draft.document, thing, sequence }, shadow?.desired);
  } catch (error) {
    if (error instanceof WishTooLargeError) throw new ExitError(EXIT.badInput, error.message);
    throw error;
  }
}

async function write(cloud: Cloud, { update }: WrittenWish, version: number | undefined, thing: string) {
  try {
    return await cloud.updateDesired('network', update, version);
  } catch (error) {
    if (!isCloudError(error) || error.kind !== 'conflict') throw error;
    throw new ExitError(
      EXIT.failed,
      `the shadow of ${thing} has changed since version ${version}, and nothing was written: look at what is desired now (firebreak truck policy get), then try again`,
    );
  }
}

/** @throws ExitError unless the policy is in force */
function conclude(outcome: Outcome, { json, thing, timeout }: Options, told: Readonly<Record<string, unknown>>): void {
  if (outcome.kind === 'overtaken')
    throw new ExitError(EXIT.failed, `somebody has written something else for ${thing} meanwhile`, { ...told });
  if (outcome.kind === 'timeout') {
    const state = outcome.network === null ? 'does not answer' : 'is not done';
    throw new ExitError(EXIT.failed, `${thing} ${state} after ${timeout} s; the policy stays desired`, { ...told });
  }
  const { network } = outcome;
  const details = { ...told, reported: network };
  const status = network.status.replaceAll('-', ' ');
  if (network.status !== 'applied') {
    const lines = [
      `${thing}: ${status}${network.why === undefined ? '' : `: ${network.why}`}`,
      ...problemLines(network),
    ];
    throw new ExitError(network.status === 'refused' ? EXIT.badInput : EXIT.failed, lines.join('\n'), details);
  }
  if (json) printJson(details);
  else print(`${paint('green', 'applied')}: revision ${network.revision?.id} is in force on ${thing}`);
}
