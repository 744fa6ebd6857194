import type { ZodType } from 'zod';

/** What one answer or event says: the name of its shape in the service model, and its members. */
export interface Shape {
  readonly name: string;
  readonly value: unknown;
}

/** Who calls, as authentication found. */
export interface Caller {
  readonly component: string;
}

/** A caller that stays on the line. */
export interface Subscriber extends Caller {
  /** Events go out after the answer to the subscription, in this order. Nothing happens when the subscriber is gone. */
  send(event: Shape): void;
}

interface UnaryOperation<Request> {
  readonly kind: 'unary';
  readonly request: ZodType<Request>;
  /** @throws IpcError, or anything else, which is an internal error of the service. */
  answer(request: Request, caller: Caller): unknown;
}

interface StreamingOperation<Request> {
  readonly kind: 'streaming';
  readonly request: ZodType<Request>;
  /** Gives what has to be done when the stream is closed, by whomever. */
  subscribe(request: Request, subscriber: Subscriber): Promise<Subscription> | Subscription;
}

export interface Subscription {
  readonly answer: unknown;
  close(): void;
}

/** The server has checked the request before it gets here, so the operations can stand in one table. */
// biome-ignore lint/suspicious/noExplicitAny: the table's members have different requests
export type Operation = UnaryOperation<any> | StreamingOperation<any>;

/** By name, without `aws.greengrass#`. */
export type Operations = Readonly<Record<string, Operation>>;

export function unary<Request>(
  request: ZodType<Request>,
  answer: (request: Request, caller: Caller) => unknown,
): Operation {
  return { kind: 'unary', request, answer };
}

export function streaming<Request>(
  request: ZodType<Request>,
  subscribe: (request: Request, subscriber: Subscriber) => Promise<Subscription> | Subscription,
): Operation {
  return { kind: 'streaming', request, subscribe };
}
