import type { JsonObject } from '../shadow/json.ts';
import { type BucketReply, isForBuckets } from './account/s3/buckets.ts';
import type { AccountService } from './account/service.ts';
import { mayPublish, mayUse, OPERATOR } from './identities.ts';
import { errorType, type RestRequest, route, tokenOf } from './rest-routes.ts';
import type { ShadowService } from './shadow-service.ts';
import type { ShadowStore } from './store.ts';

/** What the REST interfaces lead to. */
export interface RestSurroundings {
  readonly service: ShadowService;
  readonly store: ShadowStore;
  readonly account: Pick<AccountService, 'answer'>;
  readonly buckets: (method: string, target: string) => BucketReply;
  readonly publish: (
    topic: string,
    payload: Buffer,
    options: { readonly qos: 0 | 1; readonly retain: boolean },
  ) => void;
}

export interface RestQuestion {
  /** The certificate's common name; a signature counts as an operator's. null: neither. */
  readonly who: string | null;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** The header x-amz-target. */
  readonly action?: string | undefined;
  /** The header authorization. */
  readonly authorization?: string | undefined;
  /** null: it is too large. */
  readonly payload: Buffer | null;
}

export interface RestReply {
  readonly status: number;
  /** The exception's name. */
  readonly type?: string;
  /** To be sent as JSON, unless it is bytes. */
  readonly body: object | Buffer;
  readonly contentType?: string;
}

const refuse = (status: number, message: string): RestReply => ({ status, type: errorType(status), body: { message } });

/** Control plane and data plane: one answer. */
export async function answerRest(question: RestQuestion, surroundings: RestSurroundings): Promise<RestReply> {
  const { who, method, target, action, authorization, payload } = question;
  if (who === null) return refuse(403, 'Missing Authentication Token');
  if (payload === null) return refuse(413, 'The payload exceeds the maximum size allowed');
  // Things have no business in the control plane.
  if (who === OPERATOR) {
    if (isForBuckets(authorization)) {
      const { status, contentType, bytes } = surroundings.buckets(method, target);
      return { status, contentType, body: bytes };
    }
    const answered = await surroundings.account.answer({ method, target, action, payload });
    if (answered !== null) return answered;
  }
  const wanted = route(method, target);
  if ('status' in wanted) return refuse(wanted.status, wanted.message);
  return isAllowed(who, wanted) ? await carryOut(wanted, payload, surroundings) : refuse(403, 'Forbidden');
}

function isAllowed(who: string, wanted: RestRequest): boolean {
  switch (wanted.kind) {
    case 'shadow':
      return mayUse(who, wanted.name.thing);
    case 'list':
      return mayUse(who, wanted.thing);
    case 'publish':
      return mayPublish(who, wanted.topic);
  }
}

async function carryOut(
  wanted: RestRequest,
  payload: Buffer,
  { service, store, publish }: RestSurroundings,
): Promise<RestReply> {
  switch (wanted.kind) {
    case 'shadow': {
      const answered = await service.request(wanted.name, wanted.operation, payload, 'rest');
      if (answered.accepted) return { status: 200, body: answered.response };
      return { status: answered.error.code, type: errorType(answered.error.code), body: answered.response };
    }
    case 'list': {
      const left = store.namedShadows(wanted.thing).filter((name) => name > wanted.after);
      const results = left.slice(0, wanted.pageSize);
      const last = left.length > results.length ? results.at(-1) : undefined;
      const more = last === undefined ? {} : { nextToken: tokenOf(last) };
      const body: JsonObject = { results, ...more, timestamp: Math.floor(Date.now() / 1000) };
      return { status: 200, body };
    }
    case 'publish':
      publish(wanted.topic, payload, wanted);
      return { status: 200, body: { message: 'OK' } };
  }
}
