import * as z from 'zod';
import type { JsonObject } from '../../../shadow/json.ts';
import type { Account } from '../account.ts';
import { membersOf } from '../groups.ts';
import { seconds } from '../operation.ts';
import { isTerminal } from './abort.ts';
import { executionOf, reportExecution } from './executions.ts';
import type { Execution, Job } from './job.ts';
import { ratePerMinute } from './pace.ts';
import { type JobsRequest, jobsTopic, requestSuffix } from './topics.ts';

interface Surroundings {
  readonly account: Account;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly publish: (topic: string, payload: JsonObject) => void;
  /** Is told after each change, and done when it is kept. */
  readonly changed: () => Promise<void>;
}

const Request = z.looseObject({ clientToken: z.string().max(64).optional() });
const Update = Request.extend({ status: z.enum(['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED']) });

class JobsError extends Error {
  override readonly name = 'JobsError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** IoT Jobs, as devices see it: they are told what is next, at the rollout's pace, and say how they get on. */
export class DeviceJobs {
  readonly #surroundings: Surroundings;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Tells things whose turn it is. To be called every so often. */
  async advance(): Promise<void> {
    const { account, now, changed } = this.#surroundings;
    const told = [...account.jobs.values()].flatMap((job) => [...dueNow(job, account, now())]);
    for (const thing of told) this.#tellNext(thing);
    if (told.length > 0) await changed();
  }

  async request(request: JobsRequest, payload: Uint8Array): Promise<void> {
    const { publish, now } = this.#surroundings;
    const topic = jobsTopic(request.thing, requestSuffix(request));
    let token: string | undefined;
    try {
      const asked = parsed(payload, request.operation === 'update' ? Update : Request);
      token = asked.clientToken;
      const answer = await this.#answer(request, asked);
      publish(`${topic}/accepted`, { ...answer, ...beside(token, now()) });
    } catch (error) {
      if (!(error instanceof JobsError)) throw error;
      publish(`${topic}/rejected`, { code: error.code, message: error.message, ...beside(token, now()) });
    }
  }

  async #answer({ thing, operation, jobId }: JobsRequest, asked: z.infer<typeof Request>): Promise<JsonObject> {
    const { account, now, changed } = this.#surroundings;
    if (operation === 'update') {
      const { job } = this.#executionOf(thing, jobId ?? '');
      reportExecution(job, account, thing, (asked as z.infer<typeof Update>).status, now());
      await changed();
      this.#tellNext(thing);
      return {};
    }
    const isNext = jobId === null || jobId === '$next';
    const next = isNext ? nextOf(account, thing) : this.#executionOf(thing, jobId);
    if (next === null) return {};
    if (operation === 'start-next' && next.execution.status === 'QUEUED') {
      reportExecution(next.job, account, thing, 'IN_PROGRESS', now());
      await changed();
    }
    return { execution: described(next.job, thing, executionOf(next.job, account, thing) ?? next.execution) };
  }

  #executionOf(thing: string, jobId: string): Next {
    const { account } = this.#surroundings;
    const job = account.jobs.get(jobId);
    const execution = job === undefined ? null : executionOf(job, account, thing);
    if (job === undefined || execution === null)
      throw new JobsError('ResourceNotFound', `${thing} has no job ${jobId}`);
    if (isTerminal(execution.status))
      throw new JobsError('TerminalStateReached', `The execution of ${jobId} is ${execution.status} already`);
    return { job, execution };
  }

  #tellNext(thing: string): void {
    const { account, publish, now } = this.#surroundings;
    const next = nextOf(account, thing);
    const execution = next === null ? {} : { execution: described(next.job, thing, next.execution) };
    publish(jobsTopic(thing, 'notify-next'), { timestamp: Math.floor(seconds(now())), ...execution });
  }
}

interface Next {
  readonly job: Job;
  readonly execution: Execution;
}

/** What is under way comes first, then what has waited longest. */
function nextOf(account: Account, thing: string): Next | null {
  const open = [...account.jobs.values()].flatMap((job): Next[] => {
    const execution = job.notified.has(thing) ? executionOf(job, account, thing) : null;
    return execution === null || isTerminal(execution.status) ? [] : [{ job, execution }];
  });
  return open.find(({ execution }) => execution.status === 'IN_PROGRESS') ?? open[0] ?? null;
}

/** Marks those whose turn has come as notified. */
function* dueNow(job: Job, account: Account, now: number): Iterable<string> {
  if (job.status !== 'IN_PROGRESS') return;
  let succeeded = 0;
  for (const { status } of job.executions.values()) if (status === 'SUCCEEDED') succeeded++;
  const rate = ratePerMinute(job.pace, { notified: job.notified.size, succeeded });
  let due = Number.isFinite(rate) ? job.paced.due + (rate * Math.max(0, now - job.paced.at)) / 60_000 : rate;
  const { kind, name } = job.target;
  for (const thing of kind === 'thing' ? [name] : membersOf(account, name, true)) {
    if (due < 1) break;
    if (job.notified.has(thing)) continue;
    job.notified.add(thing);
    due--;
    yield thing;
  }
  // What nobody was there for is not saved up.
  job.paced = { at: now, due: Math.min(due, 1) };
}

function described(job: Job, thing: string, { status, updatedAt }: Execution): JsonObject {
  return {
    ...{ jobId: job.id, thingName: thing, status, jobDocument: job.document, executionNumber: 1 },
    ...{ queuedAt: Math.floor(seconds(job.createdAt)), lastUpdatedAt: Math.floor(seconds(updatedAt)) },
  };
}

const beside = (clientToken: string | undefined, now: number): JsonObject => ({
  timestamp: Math.floor(seconds(now)),
  ...(clientToken !== undefined && { clientToken }),
});

/** @throws JobsError */
function parsed<Asked>(payload: Uint8Array, schema: z.ZodType<Asked>): Asked {
  let document: unknown;
  try {
    document = payload.length === 0 ? {} : JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    throw new JobsError('InvalidJson', 'The payload is no JSON');
  }
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  throw new JobsError('InvalidRequest', z.prettifyError(result.error));
}
