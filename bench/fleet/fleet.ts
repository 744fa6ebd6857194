import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { fleetGroup } from '../../lib/fleet/names.ts';
import { LAB_STAGE } from '../../lib/lab/cloud/account/furnish.ts';
import { ARCHIVE } from '../../lib/lab/cloud/account/s3/archive.ts';
import { LocalFleet } from '../../lib/lab/fleet/local-fleet.ts';
import type { Answer } from '../../lib/lab/fleet/process.ts';
import type { Bench } from '../bench.ts';
import type { Count, Figure } from '../figures/figure.ts';
import { ARTICLE, ROOT } from '../truck/bench-truck.ts';
import { undoLater } from '../undo.ts';
import { monthlyCost, type Prices, total } from './cost.ts';
import { between, hourOf } from './traffic.ts';

type Look = Answer<'look'>;

const TRUCKS = 10_000;
const QUICK_TRUCKS = 200;
/** Percent. */
const SHARES = { breached: 0.1, rollingBack: 0, failing: 5 };
const AWAY_PERCENT = 2;
const OLD = { 'com.firebreak.NetworkManager': '1.0.0', 'com.firebreak.Router': '1.0.0' };
const NEW = { 'com.firebreak.NetworkManager': '2.0.0', 'com.firebreak.Router': '2.0.0' };
/** Policies written a second: more than the cloud takes. */
const RATE = 2000;
const WITHIN_MS = 1_200_000;
const PRICES = join(ROOT, 'bench', 'fleet', 'prices.json');

/** A fleet of simulated trucks over a real broker, managed by the command line: what becomes of a policy and of a rollout, and what a truck costs. */
export const fleetBench: Bench = async ({ quick, say }) => {
  const trucks = quick ? QUICK_TRUCKS : TRUCKS;
  const directory = await mkdtemp(join(tmpdir(), 'firebreak-bench-fleet-'));
  const fleet = await LocalFleet.start({
    ...{ directory: join(directory, 'cloud'), host: '127.90.0.1', build: join(ROOT, 'build'), say },
    ...{ trucks, shares: SHARES, applyMs: 0, abortAfter: quick ? 20 : 200, components: OLD },
  });
  undoLater(async () => {
    await fleet.end();
    await rm(directory, { recursive: true, force: true });
  });
  const bench = new FleetRun(fleet, directory, say);
  try {
    return [...(await bench.policy()), ...(await bench.hour()), ...(await bench.rollout())];
  } finally {
    await fleet.end();
    await rm(directory, { recursive: true, force: true });
  }
};

class FleetRun {
  readonly #fleet: LocalFleet;
  readonly #directory: string;
  readonly #say: (what: string) => void;

  constructor(fleet: LocalFleet, directory: string, say: (what: string) => void) {
    this.#fleet = fleet;
    this.#directory = directory;
    this.#say = say;
  }

  /** All that are there get a policy; those that are away, when they come back. */
  async policy(): Promise<readonly Figure[]> {
    const { things } = this.#fleet;
    const away = things.slice(-Math.ceil((things.length * AWAY_PERCENT) / 100));
    const online = things.slice(0, things.length - away.length);
    this.#say(`${online.length} trucks connect`);
    const connecting = await timed(() => this.#fleet.connect(online));
    await this.#until('all have asked what they have missed', ({ quiet }) => quiet === online.length);
    this.#say('the broker alone: each truck sends itself a message');
    const echo = await this.#fleet.echo();
    this.#say('a policy for all');
    const converging = await timed(async () => {
      const written = this.#firebreak(
        'policy',
        'set',
        ARTICLE,
        '--group',
        fleetGroup(LAB_STAGE),
        '--yes',
        '--rate',
        `${RATE}`,
      );
      await this.#until('they have it', ({ statuses }) => statuses.applied === online.length);
      const { exitCode, stderr } = await written;
      if (exitCode !== 0) throw new Error(`fleet policy set ended with ${exitCode}: ${stderr}`);
    });
    this.#say(`${away.length} that were away come back`);
    await this.#fleet.connect(away);
    await this.#until(
      'they have it, too',
      ({ statuses, quiet }) => statuses.applied === things.length && quiet === things.length,
    );
    const { revisions } = await this.#fleet.look();
    const counted = JSON.parse((await this.#firebreak('status', '--json')).stdout) as {
      readonly statuses: { readonly applied?: number };
    };
    const perSecond = (count: number, ms: number) => (count * 1000) / ms;
    return [
      plain('trucks that connect', 'trucks/s', 'more', perSecond(online.length, connecting)),
      {
        ...plain(
          'policy for all: trucks that have applied and reported it',
          'trucks/s',
          'more',
          perSecond(online.length, converging),
        ),
        rivals: [{ name: 'a message through the broker to each, and back', samples: [perSecond(online.length, echo)] }],
        counts: [
          count('trucks without the policy', things.length - Math.max(0, ...Object.values(revisions)), things.length),
          count('of them not in the index', things.length - (counted.statuses.applied ?? 0), things.length),
        ],
      },
    ];
  }

  /** An hour in which nothing happens, of all trucks at once. */
  async hour(): Promise<readonly Figure[]> {
    this.#say('an hour goes by');
    const trucks = this.#fleet.things.length;
    const before = await this.#fleet.look();
    await this.#fleet.beat();
    await this.#until(
      'all have reported',
      ({ quiet, tally }) => quiet === trucks && tally.asked === before.tally.asked + trucks,
    );
    const after = await this.#fleet.look();
    const hour = hourOf(before.tally, after.tally, trucks);
    const out = join(this.#directory, 'evidence.jsonl');
    const from = new Date(Date.now() - 86_400_000).toISOString();
    const exported = await this.#firebreak('evidence', '--bucket', ARCHIVE, '--from', from, '--out', out, '--json');
    const archived = (await readFile(out, 'utf8')).split('\n').length - 1;
    const published = after.tally.sent.evidence?.messages ?? 0;
    const cost = monthlyCost(hour, JSON.parse(await readFile(PRICES, 'utf8')) as Prices);
    const bytes = hour.update.bytes + hour.evidence.bytes;
    return [
      plain('a truck sends in a day', 'KB', 'less', (24 * bytes) / 1000),
      plain('… messages', 'messages', 'less', 24 * 2),
      ...Object.entries(cost).map(([what, dollars]) =>
        plain(`1,000 trucks a month: ${what}`, '$', 'less', 1000 * dollars),
      ),
      {
        ...plain('1,000 trucks a month, on paper', '$', 'less', 1000 * total(cost)),
        counts: [
          count('evidence published and not in the archive', published - archived, published),
          count('export that complained', exported.exitCode === 0 ? 0 : 1, 1),
        ],
      },
    ];
  }

  /** New components of which one in twenty fails: given up, and led back. */
  async rollout(): Promise<readonly Figure[]> {
    const ring = ['--ring', 'early', '--json'];
    const things = this.#fleet.inRing('early');
    const before = JSON.parse((await this.#firebreak('rollout', 'watch', '--timeout', '0', ...ring)).stdout) as Watched;
    const file = join(this.#directory, 'components.json');
    await writeFile(file, JSON.stringify(Object.entries(NEW).map(([name, version]) => ({ name, version }))));
    this.#say(`a rollout to the ${things.length} trucks of the ring early`);
    await this.#firebreak('rollout', 'start', '--components', file, '--yes', ...ring);
    const given = JSON.parse((await this.#firebreak('rollout', 'watch', '--every', '1', ...ring)).stdout) as Watched;
    await this.#until('what was under way has ended', ({ quiet, trucks }) => quiet === trucks);
    const [newest = ''] = Object.entries(NEW).map(([name, version]) => `${name} ${version}`);
    const reached = (await this.#fleet.look()).components[newest] ?? 0;
    this.#say(`given up after ${given.counts.succeeded + given.counts.failed} trucks; back`);
    await this.#firebreak('rollout', 'start', '--deployment', before.deployment, '--yes', ...ring);
    const back = await this.#firebreak('rollout', 'watch', '--every', '1', ...ring);
    await this.#until('all is quiet', ({ quiet, trucks }) => quiet === trucks);
    const look = await this.#fleet.look();
    const { asked, answered, refused, repeated } = look.tally;
    const heard = between({}, look.tally.heard, 'job');
    return [
      {
        ...plain('rollout on which 1 in 20 fails: trucks that got it', 'trucks', 'less', reached),
        counts: [
          count('rollouts that went on', given.counts.reason === 'ABORT_THRESHOLD_EXCEEDED' ? 0 : 1, 1),
          count('trucks that are not back', look.components[newest] ?? 0, reached),
          count('ways back that failed', back.exitCode === 0 ? 0 : 1, 1),
        ],
      },
      {
        ...plain('messages about jobs that trucks heard', 'messages', 'less', heard.messages),
        counts: [
          count('requests of trucks without an answer', asked - answered, asked),
          count('requests that were refused', refused, asked),
          count('requests that had to be asked again', repeated, asked),
        ],
      },
    ];
  }

  #firebreak(...words: readonly string[]) {
    return execa(join(ROOT, 'bin', 'firebreak'), ['fleet', ...words], { env: this.#fleet.environment, reject: false });
  }

  async #until(what: string, isSo: (look: Look) => boolean): Promise<void> {
    const end = performance.now() + WITHIN_MS;
    while (!isSo(await this.#fleet.look())) {
      if (performance.now() > end) throw new Error(`not within ${WITHIN_MS / 1000} s: ${what}`);
      await pause(250);
    }
  }
}

interface Watched {
  readonly deployment: string;
  readonly counts: { readonly succeeded: number; readonly failed: number; readonly reason?: string };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await action();
  return performance.now() - begun;
}

const count = (what: string, found: number, of: number): Count => ({ what, who: 'fleet', found, of, ours: true });

function plain(what: string, unit: Figure['unit'], better: Figure['better'], value: number): Figure {
  return { section: 'h', what, unit, better, own: [value], rivals: [], counts: [] };
}
