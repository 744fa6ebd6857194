import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { depotsGroup, type Ring, ringGroup, thingOf, thingType } from '../../fleet/names.ts';
import { idOf, REGION } from '../cloud/account/account.ts';
import { AccountFile } from '../cloud/account/account-file.ts';
import { furnish, LAB_STAGE } from '../cloud/account/furnish.ts';
import { Cloud } from '../cloud/cloud.ts';
import { cloudPaths } from '../cloud/configuration.ts';
import type { SimulatorConfiguration } from './configuration.ts';
import { deployFirst } from './deployments.ts';
import type { Answer, Question, Task } from './process.ts';
import type { Shares } from './traits.ts';

export interface LocalFleetOptions {
  /** Where the cloud keeps everything; what an earlier fleet left in there is gone on with. */
  readonly directory: string;
  /** Of 127.0.0.0/8. */
  readonly host: string;
  readonly trucks: number;
  readonly shares: Shares;
  /** Milliseconds that applying a policy takes. */
  readonly applyMs: number;
  /** So many trucks must have tried a rollout before it is given up. */
  readonly abortAfter: number;
  /** What trucks run at first. */
  readonly components: Readonly<Record<string, string>>;
  /** Where `npm run build:bundles` put the programs: `build`. */
  readonly build: string;
  readonly say?: (what: string) => void;
}

/** Of all trucks, in percent; the rest is in the ring fleet. */
const RING_SHARES: readonly (readonly [Ring, number])[] = [
  ['canary', 1],
  ['early', 19],
];
/** Ctrl-C is for whoever has started it. */
const DETACHED = { detached: true } as const;
/** Certificates in one go, between two words of progress. */
const CERTIFICATES_AT_ONCE = 1000;

/** A cloud on loopback with a fleet of simulated trucks: nothing of a lab, no namespaces, no root. */
export class LocalFleet {
  readonly cloud: Cloud;
  readonly things: readonly string[];
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #questions = 0;

  private constructor(cloud: Cloud, things: readonly string[], process_: ChildProcessWithoutNullStreams) {
    this.cloud = cloud;
    this.things = things;
    this.#process = process_;
    let lastWords = '';
    process_.stderr.on('data', (chunk: Buffer) => {
      lastWords = chunk.toString().trim();
    });
    createInterface({ input: process_.stdout }).on('line', (line) => this.#hear(line));
    process_.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the simulator ended: ${lastWords}`));
      this.#waiting.clear();
    });
  }

  /** The cloud is up, trucks are registered and have their certificates; none is connected. @throws Error */
  static async start(options: LocalFleetOptions): Promise<LocalFleet> {
    const { directory, host, trucks, shares, applyMs, components, build, say = () => undefined } = options;
    const things = Array.from({ length: trucks }, (_, index) => thingOf(`SIM-${String(index + 1).padStart(5, '0')}`));
    const program = join(build, 'cloud', 'cloud.cjs');
    const cloud = new Cloud({ directory, host, program, sessions: 'forgotten' });
    await cloud.stop();
    say(`${trucks} trucks, and their certificates`);
    await cloud.prepare();
    for (let done = 0; done < trucks; done += CERTIFICATES_AT_ONCE)
      await cloud.issueAll(things.slice(done, done + CERTIFICATES_AT_ONCE));
    await register(things, options);
    say('the cloud');
    await cloud.start();
    const file = join(directory, 'simulator.json');
    const { mqtt: port } = cloud.endpoint;
    const configuration: SimulatorConfiguration = {
      ...{ cloud: directory, host, port, trucks: [...things], components, shares, applyMs },
    };
    await writeFile(file, JSON.stringify(configuration));
    return new LocalFleet(
      cloud,
      things,
      spawn(process.execPath, [join(build, 'simulator', 'simulator.cjs'), file], DETACHED),
    );
  }

  /** What `firebreak fleet …` is to be told to speak of this fleet. */
  get environment(): Readonly<Record<string, string>> {
    return {
      ...{ FIREBREAK_FLEET_ENDPOINT: this.cloud.endpoint.https, FIREBREAK_CA: this.cloud.operator.ca },
      ...{ FIREBREAK_STAGE: LAB_STAGE, AWS_REGION: REGION },
      // Requests are signed, and nobody looks.
      ...{ AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab' },
    };
  }

  /** Trucks of a ring, as they were registered. */
  inRing(ring: Ring): readonly string[] {
    return this.things.filter((_, index) => ringOf(index, this.things.length) === ring);
  }

  connect(things = this.things): Promise<Answer<'connect'>> {
    return this.#ask('connect', things);
  }

  disconnect(things: readonly string[]): Promise<Answer<'disconnect'>> {
    return this.#ask('disconnect', things);
  }

  /** An hour has gone by: trucks report what they report hourly. */
  beat(): Promise<Answer<'beat'>> {
    return this.#ask('beat', []);
  }

  /** Each truck that is connected sends itself a message, all at once. @returns milliseconds until all have heard theirs */
  echo(): Promise<Answer<'echo'>> {
    return this.#ask('echo', []);
  }

  look(): Promise<Answer<'look'>> {
    return this.#ask('look', []);
  }

  async end(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.stdin.end();
      await ended;
    }
    await this.cloud.stop();
  }

  #ask<Name extends Task>(task: Name, things: readonly string[]): Promise<Answer<Name>> {
    const question: Question = { id: ++this.#questions, task, things };
    return new Promise<Answer<Name>>((resolve, reject) => {
      if (this.#process.exitCode !== null) return reject(new Error('the simulator has ended'));
      this.#waiting.set(question.id, { resolve: (result) => resolve(result as Answer<Name>), reject });
      this.#process.stdin.write(`${JSON.stringify(question)}\n`);
    });
  }

  #hear(line: string): void {
    const answer = JSON.parse(line) as { readonly id: number; readonly result?: unknown; readonly error?: string };
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.error === undefined) waiting?.resolve(answer.result);
    else waiting?.reject(new Error(answer.error));
  }
}

/** What provisioning does: things of the fleet's type, each in its ring, with what its ring runs. */
async function register(
  things: readonly string[],
  { directory, components, abortAfter }: LocalFleetOptions,
): Promise<void> {
  const { account, save } = await AccountFile.open(cloudPaths(directory).account);
  furnish(account, Date.now());
  for (const [index, name] of things.entries()) {
    const groups = [ringGroup(LAB_STAGE, ringOf(index, things.length)), depotsGroup(LAB_STAGE)];
    const about = { type: thingType(LAB_STAGE), attributes: {}, version: 1, groups };
    if (!account.things.has(name)) account.things.set(name, { name, id: idOf('thing', name), ...about });
  }
  await deployFirst(account, components, abortAfter);
  await save();
}

function ringOf(index: number, trucks: number): Ring {
  let end = 0;
  for (const [ring, percent] of RING_SHARES) {
    end += Math.ceil((trucks * percent) / 100);
    if (index < end) return ring;
  }
  return 'fleet';
}
