import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import * as z from 'zod/mini';
import { type Ring, ringGroup } from '../../../fleet/names.ts';
import { ask } from '../../ask.ts';
import { EXIT, ExitError } from '../../exit.ts';
import { paint, print, printJson, remark } from '../../output.ts';
import { jsonOption } from '../../truck-options.ts';
import type { FleetCloud, Rollout } from '../cloud.ts';
import { type FleetOptions, fleetOptions, withFleet } from '../connection.ts';
import { trucksWhere } from '../where.ts';
import { changeLines, nextComponents, ownVersions } from './components.ts';
import { ring, ringOption, rolloutOf } from './ring.ts';
import { objections } from './stage.ts';

interface Options extends FleetOptions {
  readonly ring: Ring;
  readonly components?: string;
  readonly from?: Ring;
  readonly deployment?: string;
  readonly force: boolean;
  readonly yes: boolean;
}

export function rolloutStartCommand(): Command {
  const command = new Command('start')
    .description(
      "roll Firebreak's components out to a ring: those of a build, of another ring or of an earlier deployment",
    )
    .addOption(ringOption())
    .addOption(new Option('--components <file>', 'components.json of a build').conflicts(['from', 'deployment']))
    .addOption(new Option('--from <ring>', 'what this ring runs').argParser(ring).conflicts('deployment'))
    .option('--deployment <id>', 'what this deployment brought: the way back')
    .option('--force', 'though the ring that it is from has not proved it', false)
    .option('--yes', 'do not ask', false)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak fleet rollout start --ring canary --components build/components/components.json\n  firebreak fleet rollout start --ring early --from canary --yes\n  firebreak fleet rollout start --ring canary --deployment 0a1b2c3d-0000-0000-0000-000000000000',
    )
    .action(async (options: Options) => {
      const versions = options.components === undefined ? null : await readComponents(options.components);
      await withFleet(options, async (cloud) => start(cloud, options, versions ?? (await versionsOf(cloud, options))));
    });
  for (const option of fleetOptions()) command.addOption(option);
  return command;
}

async function start({ rollouts }: FleetCloud, options: Options, versions: Readonly<Record<string, string>>) {
  const current = await rolloutOf(rollouts, options.stage, options.ring);
  const next = nextComponents(current.components, versions);
  const changes = changeLines(current.components, next);
  const isInForce = current.status === 'ACTIVE' || current.status === 'COMPLETED';
  if (changes.length === 0 && isInForce) {
    if (options.json) return printJson({ ring: options.ring, deployment: current.id, started: false, changes });
    return print(`ring ${options.ring} has these components already, by deployment ${current.id}`);
  }
  for (const line of changes) remark(`  ${line}`);
  if (!options.yes) await ask(`ring ${options.ring}: ${changes.length} components change. Roll it out?`);
  const id = await rollouts.start(ringGroup(options.stage, options.ring), current, next, tokenOf(current, next));
  if (options.json) printJson({ ring: options.ring, deployment: id, started: true, before: current.id, changes });
  else
    print(
      `${paint('green', 'started')}: deployment ${id}; firebreak fleet rollout watch --ring ${options.ring}. The way back: --deployment ${current.id}`,
    );
}

/** @throws ExitError when the ring that they are from has not proved them */
async function versionsOf(
  cloud: FleetCloud,
  { from, deployment, force, stage }: Options,
): Promise<Record<string, string>> {
  const { rollouts, index } = cloud;
  if (deployment !== undefined) return ownVersions((await rollouts.get(deployment)).components);
  if (from === undefined)
    throw new ExitError(EXIT.badInput, 'which components? say --components, --from or --deployment');
  const source = await rolloutOf(rollouts, stage, from);
  const unproved = await index.count(trucksWhere(stage, `ring:${from} NOT verdict:isolated`));
  const against = objections(source, await rollouts.counts(source.jobId), unproved);
  if (against.length > 0 && !force)
    throw new ExitError(EXIT.failed, `ring ${from} has not proved it: ${against.join('; ')}`, { objections: against });
  return ownVersions(source.components);
}

/** The same request on top of the same deployment is the same rollout, however often it is sent. */
function tokenOf({ id }: Rollout, next: object): string {
  return createHash('sha256')
    .update(JSON.stringify([id, next]))
    .digest('hex')
    .slice(0, 64);
}

const Built = z.array(z.object({ name: z.string(), version: z.string() }));

/** @throws ExitError */
async function readComponents(file: string): Promise<Record<string, string>> {
  try {
    const built = Built.parse(JSON.parse(await readFile(file, 'utf8')));
    return Object.fromEntries(built.map(({ name, version }) => [name, version]));
  } catch (error) {
    const why = error instanceof z.core.$ZodError ? z.prettifyError(error) : String(error);
    throw new ExitError(EXIT.badInput, `${file} is no components.json of a build: ${why}`);
  }
}
