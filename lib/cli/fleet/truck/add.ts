import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { LAST_RING, RINGS, SERIAL_PATTERN, thingOf } from '../../../fleet/names.ts';
import { EXIT, ExitError } from '../../exit.ts';
import { interruptible } from '../../interrupt.ts';
import { paint, print, printJson } from '../../output.ts';
import { Progress } from '../../progress.ts';
import { isCloudError } from '../../truck/cloud.ts';
import { jsonOption } from '../../truck-options.ts';
import type { Claim, FleetCloud, Place } from '../cloud.ts';
import { type FleetOptions, fleetOptions, withFleet } from '../connection.ts';
import { depot } from '../depot.ts';
import { atPace } from '../pace.ts';
import { ring } from '../rollout/ring.ts';
import { readClaim, writeBundle, writeClaim } from './bundle.ts';

interface Options extends FleetOptions, Place {
  readonly out: string;
}

const PACE = { perSecond: 20, inFlight: 8 };

export function truckAddCommand(): Command {
  const command = new Command('add')
    .description(
      'let trucks provision themselves: their serials into the allow-list, and a bundle for each with claim and configuration',
    )
    .addArgument(
      new Argument('<serial...>', 'serial numbers, as the trucks will say them').argParser(
        (text, others: readonly string[] = []) => [...others, serial(text)],
      ),
    )
    .addOption(
      new Option('--ring <ring>', `which ring they join: ${RINGS.join(', ')}`).argParser(ring).default(LAST_RING),
    )
    .addOption(
      new Option('--depot <name>', "where they are at home; the stage's configuration says which there are").argParser(
        depot,
      ),
    )
    .option('--out <directory>', 'where the bundles go; a claim that is there is used again', 'trucks')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak fleet truck add 10000000a1b2c3d4\n  firebreak fleet truck add SERIAL-1 SERIAL-2 --ring canary --depot north --out bundles --json',
    )
    .action(async (words: readonly string[], options: Options) => {
      const serials = [...new Set(words)];
      await withFleet(options, (cloud) =>
        interruptible('interrupted', (signal) => add(cloud, serials, options, signal)),
      );
    });
  for (const option of fleetOptions()) command.addOption(option);
  return command;
}

/** It becomes part of the thing's name. */
function serial(text: string): string {
  if (new RegExp(SERIAL_PATTERN).test(text)) return text;
  throw new InvalidArgumentError(`A serial has 1 to 32 letters, digits and hyphens.`);
}

async function add({ trucks }: FleetCloud, serials: readonly string[], options: Options, signal: AbortSignal) {
  const progress = new Progress(options.json);
  const added: string[] = [];
  const known: string[] = [];
  const failed: { readonly serial: string; readonly why: string }[] = [];
  const bundles: string[] = [];
  try {
    progress.say('claim certificate and endpoints');
    // A truck of a depot that there isn't would be refused, far away from whoever misspelt it.
    if (options.depot !== undefined && !(await trucks.hasDepot(options.depot)))
      throw new ExitError(EXIT.badInput, `--depot: stage ${options.stage} has no depot ${options.depot}`);
    const endpoints = await trucks.endpoints();
    const claim = await claimIn(options.out, () => trucks.newClaim());
    progress.say(`${serials.length} trucks into the allow-list`);
    await atPace(serials, PACE, signal, async (one) => {
      try {
        ((await trucks.allow(one, options)) ? added : known).push(one);
        bundles.push(await writeBundle(options.out, one, { stage: options.stage, endpoints, claim }));
      } catch (error) {
        if (!isCloudError(error)) throw error;
        failed.push({ serial: one, why: error.message });
      }
    });
  } finally {
    progress.done();
  }
  const left = serials.length - bundles.length - failed.length;
  const things = [...added, ...known].sort().map(thingOf);
  const place = { ring: options.ring, ...(options.depot !== undefined && { depot: options.depot }) };
  const details = { ...place, added, known, failed, left, things, bundles: bundles.sort() };
  if (failed.length + left > 0) {
    const lines = failed.map(({ serial: one, why }) => `  ${one}: ${why}`);
    const message = `${failed.length + left} of ${serials.length} trucks were not added; the same command again goes on`;
    throw new ExitError(EXIT.failed, [message, ...lines].join('\n'), details);
  }
  if (options.json) return printJson(details);
  const before = known.length > 0 ? `, ${known.length} were allowed already (where they belonged)` : '';
  const home = options.depot === undefined ? '' : `, depot ${options.depot}`;
  print(`${paint('green', 'allowed')}: ${added.length} trucks, ring ${options.ring}${home}${before}`);
  print(`bundles: ${options.out}/SERIAL; on each truck: sudo ./install.sh`);
}

/** A claim serves many trucks: one that is there is used again. */
async function claimIn(directory: string, make: () => Promise<Claim>): Promise<Claim> {
  const known = await readClaim(directory);
  if (known !== null) return known;
  const claim = await make();
  await writeClaim(directory, claim);
  return claim;
}
