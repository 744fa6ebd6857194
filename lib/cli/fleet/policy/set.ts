import { Command, Option } from 'commander';
import { depotGroup, fleetGroup, type Ring, ringGroup } from '../../../fleet/names.ts';
import { ask } from '../../ask.ts';
import { EXIT, ExitError } from '../../exit.ts';
import { interruptible } from '../../interrupt.ts';
import { paint, print, printJson, remark } from '../../output.ts';
import { Progress } from '../../progress.ts';
import { problemLine } from '../../read-policy.ts';
import { thingName } from '../../truck/connection.ts';
import { type Draft, readDraft } from '../../truck/draft.ts';
import { jsonOption } from '../../truck-options.ts';
import type { FleetCloud } from '../cloud.ts';
import { type FleetOptions, fleetOptions, withFleet } from '../connection.ts';
import { depot } from '../depot.ts';
import type { Pace } from '../pace.ts';
import { ring } from '../rollout/ring.ts';
import { positive } from '../trucks.ts';
import { trucksWhere } from '../where.ts';
import { concernLines, concerns } from './differences.ts';
import { type Surveyed, survey, type Target } from './survey.ts';
import { commonSequence } from './wish.ts';
import { type Outcome, writeAll } from './write.ts';

interface Options extends FleetOptions {
  readonly group?: string;
  readonly ring?: Ring;
  readonly depot?: string;
  readonly thing?: readonly string[];
  readonly patch: boolean;
  readonly baseline?: string;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly rate: number;
}

/** Two requests a truck, each of some ten milliseconds: enough for hundreds a second. */
const IN_FLIGHT = 16;

export function fleetPolicySetCommand(): Command {
  const command = new Command('set')
    .description(
      'write a policy into the shadows of many trucks, evenly; done again it writes what is missing; exit code 1 unless all have it',
    )
    .argument('<policy>', 'policy file, YAML or JSON; - for standard input')
    .addOption(new Option('--group <name>', 'all trucks of a thing group, and of those below it').argParser(thingName))
    .addOption(
      new Option('--thing <name...>', 'these trucks')
        .argParser((name, others: readonly string[] = []) => [...others, thingName(name)])
        .conflicts(['group', 'ring']),
    )
    .addOption(new Option('--ring <ring>', 'all trucks of a ring').argParser(ring).conflicts('group'))
    .addOption(
      new Option('--depot <name>', 'all trucks of a depot').argParser(depot).conflicts(['group', 'ring', 'thing']),
    )
    .option('--patch', "the file is a patch on the fleet's baseline", false)
    .option('--baseline <policy>', "the fleet's baseline, to check patches with")
    .option('--yes', 'do not ask', false)
    .option('--dry-run', 'say what would change, and write nothing', false)
    .addOption(new Option('--rate <trucks>', 'no more trucks a second').argParser(positive).default(20))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak fleet policy set examples/article.yaml --ring canary\n  firebreak fleet policy set examples/truck-patch.yaml --patch --baseline examples/fleet-baseline.yaml --thing truck-7 truck-8 --yes',
    )
    .action(async (file: string, options: Options) => {
      const target = targetOf(options);
      const draft = await readDraft(file, options);
      for (const problem of draft.problems) remark(problemLine(problem));
      await withFleet(options, (cloud) =>
        interruptible('interrupted before anything was written', (signal) =>
          set(cloud, { file, draft, target, signal }, options),
        ),
      );
    });
  for (const option of fleetOptions()) command.addOption(option);
  return command;
}

/** @throws ExitError */
function targetOf({ group, ring: which, depot: home, thing, stage }: Options): Target {
  const name = which !== undefined ? ringGroup(stage, which) : home !== undefined ? depotGroup(stage, home) : group;
  // The index knows a truck's own groups only, and not those above.
  if (name === fleetGroup(stage)) return { group: name, query: trucksWhere(stage) };
  if (name !== undefined) return { group: name, query: `thingGroupNames:"${name}"` };
  if (thing !== undefined) return { things: thing };
  throw new ExitError(EXIT.badInput, 'which trucks? say --ring, --depot, --group or --thing');
}

interface Task {
  readonly file: string;
  readonly draft: Draft;
  readonly target: Target;
  readonly signal: AbortSignal;
}

async function set(cloud: FleetCloud, { file, draft, target, signal }: Task, options: Options): Promise<void> {
  const progress = new Progress(options.json);
  const pace: Pace = { perSecond: options.rate, inFlight: IN_FLIGHT };
  const { baseline } = options;
  progress.say('what is desired of the trucks now');
  const trucks = await survey(cloud, target, draft, {
    pace,
    signal,
    ...(baseline !== undefined && { baseline }),
  }).finally(progress.done);
  if (trucks.length === 0) throw new ExitError(EXIT.badInput, 'there are no such trucks');
  const sequence = commonSequence(
    draft.sequence,
    trucks.map(({ standing }) => standing),
  );
  const next = draft.policyWith(sequence);
  const missing = trucks.filter(({ standing }) => !standing.isDone);
  const differences = concerns(missing, next, Date.now());
  const revision = next?.revision.id ?? `${sequence}, of a baseline that only the trucks have`;
  const told = { revision, sequence, trucks: trucks.length, missing: missing.length, differences };
  if (!options.json || !options.yes) for (const line of concernLines(differences)) remark(line);
  if (options.dryRun)
    return options.json
      ? printJson(told)
      : print(`${missing.length} of ${trucks.length} trucks would get revision ${revision}`);
  if (!options.yes && missing.length > 0)
    await ask(
      `${draft.what} ${file}, revision ${revision}: write it for ${missing.length} of ${trucks.length} trucks?`,
    );
  const outcomes = await written(cloud, trucks, { draft, sequence, pace, signal }, progress);
  conclude(outcomes, told, options, signal);
}

/** What came of each truck; fewer than there are when it was interrupted. */
async function written(
  cloud: FleetCloud,
  trucks: readonly Surveyed[],
  task: { readonly draft: Draft; readonly sequence: number; readonly pace: Pace; readonly signal: AbortSignal },
  progress: Progress,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  let tenths = -1;
  await writeAll(cloud.shadows, trucks, task, (thing, outcome) => {
    outcomes.set(thing, outcome);
    const now = Math.floor((outcomes.size * 10) / trucks.length);
    if (now === tenths) return;
    tenths = now;
    progress.say(`${outcomes.size} of ${trucks.length} trucks`);
  }).finally(progress.done);
  return outcomes;
}

/** @throws ExitError unless all trucks have it */
function conclude(
  outcomes: ReadonlyMap<string, Outcome>,
  told: Readonly<Record<string, unknown>> & { readonly trucks: number; readonly revision: string },
  { json }: Options,
  signal: AbortSignal,
): void {
  const count = (kind: Outcome['kind']) => [...outcomes.values()].filter((outcome) => outcome.kind === kind).length;
  const changed = [...outcomes].flatMap(([thing, { kind }]) => (kind === 'changed' ? [thing] : []));
  const failed = [...outcomes].flatMap(([thing, outcome]) =>
    outcome.kind === 'failed' ? [{ thing, why: outcome.why }] : [],
  );
  const left = told.trucks - outcomes.size;
  const details = { ...told, written: count('written'), done: count('done'), changed, failed, left };
  const complaints = [
    ...(left > 0 ? [`${left} are left: the same command again goes on${signal.aborted ? '' : ' with them'}`] : []),
    ...(changed.length > 0 ? [`of ${list(changed)} something else was desired meanwhile, and that was left`] : []),
    ...failed.slice(0, SHOWN).map(({ thing, why }) => `${thing}: ${why}`),
    ...(failed.length > SHOWN ? [`and ${failed.length - SHOWN} more that failed`] : []),
  ];
  const summary = `revision ${told.revision}: ${details.written} written, ${details.done} had it already`;
  if (complaints.length > 0)
    throw new ExitError(
      EXIT.failed,
      [`${summary}, ${told.trucks - details.written - details.done} without it`, ...complaints].join('\n  '),
      details,
    );
  if (json) printJson(details);
  else print(`${paint('green', 'desired')} of ${told.trucks} trucks: ${summary}`);
}

const SHOWN = 10;
const list = (things: readonly string[]) =>
  things.length > SHOWN ? `${things.slice(0, SHOWN).join(', ')} and ${things.length - SHOWN} more` : things.join(', ');
