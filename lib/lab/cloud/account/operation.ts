import * as z from 'zod';
import type { Shadow } from '../../shadow/shadow.ts';
import type { Account } from './account.ts';
import { pageOf } from './page.ts';
import { type Refusal, refusals } from './refusal.ts';

/** What operations work on. */
export interface Surroundings {
  readonly account: Account;
  /** A thing's named shadows, by name. */
  readonly shadowsOf: (thing: string) => ReadonlyMap<string, Shadow>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** `HOST:PORT` of the data plane. */
  readonly host: string;
  /** A new key with its certificate, as PEM; the id is the certificate's SHA-256 fingerprint. */
  readonly newCertificate: () => Promise<NewCertificate>;
}

export interface NewCertificate {
  readonly id: string;
  readonly pem: string;
  readonly publicKey: string;
  readonly privateKey: string;
}

/** One operation of a service's API, as its reference describes it: whatever is in path, query and body is one input. */
export interface Operation {
  readonly name: string;
  /** `GET /things/{thingName}` */
  readonly at: string;
  readonly run: (input: unknown, surroundings: Surroundings) => object | Promise<object>;
  /** What a faulty input is called by this service. */
  readonly invalid: (message: string) => Refusal;
}

/** @param invalid what this service calls a faulty input */
export const operationsOf =
  (invalid: Operation['invalid']) =>
  <Input>(
    name: string,
    at: string,
    schema: z.ZodType<Input>,
    run: (input: Input, surroundings: Surroundings) => object | Promise<object>,
  ): Operation => ({
    ...{ name, at, invalid },
    run: (input, surroundings) => {
      const parsed = schema.safeParse(input);
      if (parsed.success) return run(parsed.data, surroundings);
      const faults = parsed.error.issues.map(
        ({ path, message }) => `Value at '${path.join('.')}' failed to satisfy constraint: ${message}`,
      );
      throw invalid(`${faults.length} validation error${faults.length > 1 ? 's' : ''} detected: ${faults.join('; ')}`);
    },
  });

const pattern = z
  .string()
  .regex(/^[a-zA-Z0-9:_-]+$/, 'Member must satisfy regular expression pattern: [a-zA-Z0-9:_-]+');
/** Names of things, groups, types and policies. */
export const registryName = pattern.min(1).max(128);
/** The size of a page, also from a query string. */
export const pageSize = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);
export const nextToken = z.string().min(1).optional();

/** A page; a token of somebody else's is this service's invalid request. */
export function paged<Item>(
  sorted: Iterable<Item>,
  keyOf: (item: Item) => string,
  page: { readonly size: number; readonly token: string | undefined },
  invalid: Operation['invalid'] = refusals.invalid,
) {
  try {
    return pageOf(sorted, keyOf, page);
  } catch (error) {
    if (error instanceof RangeError) throw invalid(error.message);
    throw error;
  }
}

/** The token of an answer, left out on the last page. */
export const tokenIn = ({ nextToken: token }: { readonly nextToken?: string }) =>
  token === undefined ? {} : { nextToken: token };

/** Services tell times as seconds since 1970. */
export const seconds = (milliseconds: number): number => milliseconds / 1000;
