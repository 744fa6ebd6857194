import { RateLimit } from '../rate.ts';
import { certificateOperations } from './certificates.ts';
import { greengrassOperations } from './greengrass/operations.ts';
import { groupOperations } from './groups.ts';
import { indexOperations } from './indexing.ts';
import { jobOperations } from './jobs/operations.ts';
import type { Operation, Surroundings } from './operation.ts';
import { Refusal, refusals } from './refusal.ts';
import { tableOperations } from './tables.ts';
import { thingOperations } from './things.ts';

export interface AccountRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** The header x-amz-target, of services that have one path only. */
  readonly action?: string | undefined;
  readonly payload: Uint8Array;
}

export interface AccountReply {
  readonly status: number;
  /** The exception's name. */
  readonly type?: string;
  readonly body: object;
}

const OPERATIONS: readonly Operation[] = [
  // Before the things: `/thing-groups/addThingToThingGroup` is no group.
  ...groupOperations,
  ...thingOperations,
  ...indexOperations,
  ...jobOperations,
  ...certificateOperations,
  ...greengrassOperations,
  ...tableOperations,
];
const CHANGES = /^(Create|Add|Remove|Put|Delete|Cancel|Attach)/;

/** The control plane of the lab's account: IoT, Greengrass v2 and as much of DynamoDB as the fleet uses. */
export class AccountService {
  readonly #surroundings: Surroundings;
  readonly #changed: () => Promise<void>;
  readonly #rates: ReadonlyMap<string, RateLimit>;

  /**
   * @param perSecond requests a second, for each operation that is to be throttled
   * @param changed is told after each change, before it is answered
   */
  constructor(
    surroundings: Surroundings,
    perSecond: Readonly<Record<string, number>> = {},
    changed: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.#surroundings = surroundings;
    this.#changed = changed;
    this.#rates = new Map(Object.entries(perSecond).map(([name, rate]) => [name, new RateLimit(rate)]));
  }

  /** null: that is none of its operations. */
  async answer(request: AccountRequest): Promise<AccountReply | null> {
    const found = operationFor(request);
    if (found === null) return null;
    const { operation, parameters } = found;
    try {
      if (this.#rates.get(operation.name)?.admits('', this.#surroundings.now() / 1000) === false)
        throw refusals.throttled();
      const input = { ...bodyOf(request.payload, operation), ...parameters };
      const body = await operation.run(input, this.#surroundings);
      if (CHANGES.test(operation.name)) await this.#changed();
      return { status: 200, body };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, type: error.type, body: { __type: error.type, message: error.message } };
    }
  }
}

function operationFor({ method, target, action }: AccountRequest) {
  if (action !== undefined) {
    const operation = OPERATIONS.find(({ at }) => at === action);
    return operation === undefined ? null : { operation, parameters: {} };
  }
  const { pathname, searchParams } = new URL(target, 'https://cloud');
  const query = Object.fromEntries(searchParams);
  for (const operation of OPERATIONS) {
    const [wanted, path = ''] = operation.at.split(' ');
    const inPath = wanted === method ? parametersIn(path, pathname) : null;
    if (inPath !== null) return { operation, parameters: { ...query, ...inPath } };
  }
  return null;
}

/** `/things/{thingName}` on `/things/truck-1`; null: it doesn't fit. */
function parametersIn(pattern: string, path: string): Record<string, string> | null {
  const [parts, given] = [pattern.split('/'), path.split('/')];
  if (parts.length !== given.length) return null;
  const found: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const value = decode(given[index] ?? '');
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (value === null || (name === undefined ? part !== value : value === '')) return null;
    if (name !== undefined) found[name] = value;
  }
  return found;
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

function bodyOf(payload: Uint8Array, { invalid }: Operation): object {
  if (payload.length === 0) return {};
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw invalid('The body is no JSON object');
}
