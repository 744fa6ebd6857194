import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { LocalFleet } from '../lab/fleet/local-fleet.ts';
import type { FleetLook } from '../lab/fleet/simulated-fleet.ts';
import { interruptible, unlessInterrupted } from './interrupt.ts';
import { paint, print } from './output.ts';
import { Progress } from './progress.ts';
import { jsonOption } from './truck-options.ts';

interface Options {
  readonly trucks: number;
  /** Percent. */
  readonly breached: number;
  readonly rollingBack: number;
  readonly failing: number;
  readonly away: number;
  readonly host: string;
  readonly directory?: string;
  readonly json: boolean;
}

const LOOK_EVERY_MS = 2000;
/** So long a truck that is away stays away. */
const AWAY_MS = 60_000;
/** As long as applying a policy takes a small computer. */
const APPLY_MS = 2000;
const ABORT_AFTER = 20;
/** What simulated trucks run until a rollout. */
const COMPONENTS = { 'com.firebreak.NetworkManager': '1.0.0', 'com.firebreak.Router': '1.0.0' };

export function labFleetCommand(): Command {
  return new Command('fleet')
    .description(
      'a cloud on loopback with a fleet of simulated trucks, to try `firebreak fleet …` out; until Ctrl-C. Needs neither root nor a lab',
    )
    .addOption(new Option('--trucks <number>', 'how many').argParser(whole(1, 15_000)).default(100))
    .addOption(share('--breached', 'trucks that measure a breach', 1))
    .addOption(share('--rolling-back', 'trucks that roll each policy back', 0))
    .addOption(share('--failing', 'trucks on which new components fail', 0))
    .addOption(share('--away', 'trucks that are not connected, each minute others', 2))
    .option('--host <address>', 'of 127.0.0.0/8; ports 8883 and 8443', '127.0.0.1')
    .option('--directory <path>', 'where all is kept for the next time; without it, it is forgotten')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak lab fleet\n  firebreak lab fleet --trucks 10000 --failing 5 --directory /tmp/fleet',
    )
    .action(async (options: Options) => {
      const kept = options.directory;
      const directory = kept ?? (await mkdtemp(join(tmpdir(), 'firebreak-fleet-')));
      await mkdir(directory, { recursive: true });
      try {
        await interruptible('', (signal) => run(directory, options, signal)).catch((error: unknown) => {
          // Ctrl-C is how it ends.
          if (!(error instanceof Error) || error.message !== '') throw error;
        });
      } finally {
        if (kept === undefined) await rm(directory, { recursive: true, force: true });
      }
    });
}

async function run(directory: string, options: Options, signal: AbortSignal): Promise<void> {
  const { trucks, host, json, breached, rollingBack, failing } = options;
  const progress = new Progress(json);
  // The bundle that this very file became lies beside the others.
  const build = join(dirname(__filename), '..');
  const shares = { breached, rollingBack, failing };
  const fleet = await LocalFleet.start({
    ...{ directory, host, trucks, shares, build, say: progress.say },
    ...{ applyMs: APPLY_MS, abortAfter: ABORT_AFTER, components: COMPONENTS },
  }).finally(progress.done);
  try {
    progress.say('connecting');
    await unlessInterrupted(signal, fleet.connect()).finally(progress.done);
    if (json) print(JSON.stringify({ environment: fleet.environment }));
    else for (const [name, value] of Object.entries(fleet.environment)) print(`export ${name}=${value}`);
    await Promise.race([follow(fleet, json, signal), comeAndGo(fleet, options.away, signal)]);
  } finally {
    await fleet.end();
  }
}

/** A line whenever something has changed. @throws the signal's reason */
async function follow(fleet: LocalFleet, json: boolean, signal: AbortSignal): Promise<never> {
  let said = '';
  for (;;) {
    const look = await unlessInterrupted(signal, fleet.look());
    const { tally, quiet, ...state } = look;
    if (JSON.stringify(state) !== said) print(json ? JSON.stringify(look) : lineOf(look));
    said = JSON.stringify(state);
    await unlessInterrupted(signal, pause(LOOK_EVERY_MS, undefined, { signal }));
  }
}

/** Another share of the trucks is away each minute. @throws the signal's reason */
async function comeAndGo(fleet: LocalFleet, percent: number, signal: AbortSignal): Promise<never> {
  const { things } = fleet;
  const size = Math.ceil((things.length * percent) / 100);
  for (let start = 0; ; start = (start + size) % things.length) {
    const away = things.slice(start, start + size);
    await unlessInterrupted(signal, fleet.disconnect(away));
    await unlessInterrupted(signal, pause(AWAY_MS, undefined, { signal }));
    await unlessInterrupted(signal, fleet.connect(away));
  }
}

function lineOf({ trucks, connected, statuses, components }: FleetLook): string {
  const counts = (tally: Readonly<Record<string, number>>) =>
    Object.entries(tally)
      .map(([what, count]) => `${what} ${count}`)
      .join(', ');
  return `${paint('dim', new Date().toISOString())} ${connected} of ${trucks} connected; policy: ${counts(statuses)}; ${counts(components)}`;
}

const whole = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`It is a whole number, ${least} to ${most}.`);
};

const share = (flag: string, what: string, usual: number): Option =>
  new Option(`${flag} <percent>`, what).default(usual).argParser((text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= 0 && value <= 100) return value;
    throw new InvalidArgumentError('It is a percentage, 0 to 100.');
  });
