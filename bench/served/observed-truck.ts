import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Document, THING } from '../../lib/cli/demo/served-truck.ts';
import { strangers, withFlow } from '../../lib/cli/demo/wishes.ts';
import { putProgram } from '../../lib/lab/machine/program.ts';
import { checkDocument, type Policy } from '../../lib/policy/index.ts';
import { evidenceTopic, shadowTopic, type WrittenWish, wishId, writeWish } from '../../lib/shadow/index.ts';
import { routerRuleset } from '../../lib/truck/ruleset/router.ts';
import type { BenchTruck } from '../truck/bench-truck.ts';
import { type Usage, usageOn } from '../usage.ts';
import type { ChangeAnswer } from './change.ts';
import type { Broker } from './onlooker.ts';
import type { Answer, Question, Task } from './process.ts';
import { type Hourly, hourly, largestOf } from './traffic.ts';

/** Of one change; under software emulation it takes a minute or two. */
const CHANGED_WITHIN_MS = 400_000;
/** A measurement is due each minute, and takes some time where the truck is emulated. */
const SETTLE_SECONDS = 180;
/** What comes with every heartbeat. */
const HEARTBEAT_TOPICS = [`${shadowTopic(THING, 'isolation')}/update`, evidenceTopic(THING)];
/** More than any task takes, with an hour's end that is waited for. */
const TASK_WITHIN_MS = 3_600_000;

/** A truck in service, seen from the lab's internet by a process in there. */
export class ObservedTruck {
  readonly #truck: BenchTruck;
  readonly #program: string;
  /** Without and with a flow more. */
  readonly #policies: readonly [Document, Document];
  #desired: unknown;

  private constructor(truck: BenchTruck, program: string, policies: readonly [Document, Document]) {
    this.#truck = truck;
    this.#program = program;
    this.#policies = policies;
    this.#desired = written(policies[0], undefined).desired;
  }

  /** @param document the policy that was written into its shadow last, and is in force */
  static async at(truck: BenchTruck, document: Document): Promise<ObservedTruck> {
    const pair = strangers(checked(document));
    if (pair === null) throw new Error('the policy has nobody between whom a flow could be opened');
    const program = await putProgram(truck.lab.machine, join(__dirname, 'served.cjs'), {
      directory: truck.lab.directory,
    });
    return new ObservedTruck(truck, program, [document, withFlow(document, pair)]);
  }

  /** Opens and closes the flow by turns, each time when nothing of the time before is left to be done. @param everyMs from begin to begin */
  async changes(count: number, everyMs: number, say: (what: string) => void): Promise<readonly ChangeAnswer[]> {
    const answers: ChangeAnswer[] = [];
    for (let round = 1; round <= count; round++) {
      const isOpened = round % 2 === 1;
      say(`a flow is ${isOpened ? 'opened' : 'closed'} by the shadow, ${round} of ${count}`);
      const begun = performance.now();
      answers.push(await this.#change(this.#policies[isOpened ? 1 : 0]));
      if (round < count) await pause(Math.max(0, begun + everyMs - performance.now()));
    }
    return answers;
  }

  async #change(document: Document): Promise<ChangeAnswer> {
    const policy = checked(document);
    const { desired, update } = written(document, this.#desired);
    const answer = await this.#ask('change', {
      ...{ broker: this.#broker, thing: THING, docker: this.#truck.lab.socket, update, wish: wishId(desired) },
      ...{ revision: policy.revision.id, ruleset: routerRuleset(policy), withinMs: CHANGED_WITHIN_MS },
    });
    this.#desired = desired;
    return answer;
  }

  /** Of a component's process that stays. @param directory of its artifact */
  async memory(directory: string): Promise<Usage> {
    const usageOf = await usageOn(this.#truck);
    // Other labs may have theirs.
    const pattern = `${this.#truck.lab.directory}/.*/${directory}/main\\.js$`;
    const { stdout } = await this.#truck.run(['pgrep', '-f', pattern]);
    const [pid = '', ...others] = stdout.trim().split('\n');
    if (others.length > 0) throw new Error(`the ${directory} runs ${others.length + 1} times`);
    return usageOf(pid);
  }

  /** What it sends in an hour in which nothing happens, from so many seconds and the sizes of what it reported after changes. */
  async traffic(seconds: number, changes: readonly ChangeAnswer[]): Promise<Hourly> {
    const heartbeat = largestOf(
      HEARTBEAT_TOPICS,
      changes.flatMap(({ messages }) => messages),
    );
    if (heartbeat.length < HEARTBEAT_TOPICS.length)
      throw new Error('after no change the truck has reported all that it reports hourly');
    const question = { broker: this.#broker, thing: THING, seconds, settleSeconds: SETTLE_SECONDS };
    return hourly(await this.#ask('idle', question), heartbeat);
  }

  get #broker(): Broker {
    const { endpoint, operator } = this.#truck.lab.cloud;
    return { host: endpoint.host, port: endpoint.mqtt, ...operator };
  }

  async #ask<Name extends Task>(task: Name, question: Question<Name>): Promise<Answer<Name>> {
    const { stdout } = await this.#truck.lab.exec('internet', [process.execPath, this.#program, task], {
      input: JSON.stringify(question),
      timeoutMs: TASK_WITHIN_MS,
    });
    return JSON.parse(stdout) as Answer<Name>;
  }
}

function written(document: Document, previous: unknown): WrittenWish {
  return writeWish({ what: 'policy', document, thing: THING }, previous);
}

function checked(document: Document): Policy {
  const { policy, problems } = checkDocument(document);
  if (policy === undefined) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join('; '));
  return policy;
}
