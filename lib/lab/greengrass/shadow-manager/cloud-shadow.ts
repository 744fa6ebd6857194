import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { JsonObject } from '../../shadow/json.ts';
import type { ShadowName } from '../../shadow/names.ts';
import { type Operation, shadowTopic } from '../../shadow/topics.ts';
import type { CloudConnection } from '../mqtt/cloud-connection.ts';
import type { StatePatch } from './merge.ts';

/** In milliseconds; without an answer by then there is none. */
const TIMEOUT_MS = 10_000;

const Section = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const Response = z.object({
  clientToken: z.string().optional(),
  version: z.number().optional(),
  state: z.object({ desired: Section.nullish(), reported: Section.nullish() }).optional(),
  code: z.number().optional(),
  message: z.string().optional(),
});
export type Response = z.infer<typeof Response>;

/** The cloud said no, or the shadow here. */
export class RejectedError extends Error {
  override readonly name = 'RejectedError';
  /** As in HTTP; 409 is another version. */
  readonly code: number;

  constructor({
    code = 500,
    message = '',
  }: { readonly code?: number | undefined; readonly message?: string | undefined }) {
    super(`${code} ${message}`);
    this.code = code;
  }
}

/** Something happened to the shadow in the cloud that nobody here asked for. */
export type CloudEvent =
  | { readonly kind: 'update'; readonly version: number; readonly patch: StatePatch }
  | { readonly kind: 'delete' };

/** One shadow in the cloud, over MQTT (developer guide, "Device Shadow MQTT topics"). */
export class CloudShadow {
  readonly #name: ShadowName;
  readonly #cloud: CloudConnection;
  readonly #waiting = new Map<string, { resolve(response: Response): void; reject(error: Error): void }>();
  readonly #noticed: (event: CloudEvent) => void;
  #ends: (() => void)[] = [];

  private constructor(name: ShadowName, cloud: CloudConnection, noticed: (event: CloudEvent) => void) {
    this.#name = name;
    this.#cloud = cloud;
    this.#noticed = noticed;
  }

  static async open(
    name: ShadowName,
    cloud: CloudConnection,
    noticed: (event: CloudEvent) => void,
  ): Promise<CloudShadow> {
    const shadow = new CloudShadow(name, cloud, noticed);
    const suffixes = (['get', 'update', 'delete'] as const).flatMap((operation) => [
      { operation, outcome: 'accepted' as const },
      { operation, outcome: 'rejected' as const },
    ]);
    shadow.#ends = await Promise.all(
      suffixes.map(({ operation, outcome }) =>
        cloud.subscribe(shadowTopic(name, `${operation}/${outcome}`), 1, ({ payload }) =>
          shadow.#receive(operation, outcome, payload),
        ),
      ),
    );
    // What was on the way when the connection was lost is answered to nobody.
    shadow.#ends.push(cloud.onConnected(() => shadow.#rejectAll('the connection was lost meanwhile')));
    return shadow;
  }

  close(): void {
    for (const end of this.#ends) end();
    this.#rejectAll('the shadow is no longer synchronised');
  }

  #rejectAll(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
  }

  /** @throws RejectedError; Error without a connection or an answer */
  async request(operation: Operation, body: object = {}): Promise<Response> {
    const clientToken = randomUUID();
    const payload = Buffer.from(JSON.stringify({ ...body, clientToken }));
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<Response>((resolve, reject) => {
      this.#waiting.set(clientToken, { resolve, reject });
      timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    });
    // Also when publishing fails nobody is left unheard.
    answer.catch(() => undefined);
    try {
      await this.#cloud.publish({ topic: shadowTopic(this.#name, operation), payload, qos: 1 });
      return await answer;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(clientToken);
    }
  }

  #receive(operation: Operation, outcome: 'accepted' | 'rejected', payload: Buffer): void {
    const parsed = parse(payload);
    if (parsed === undefined) return;
    const waiting = this.#waiting.get(parsed.clientToken ?? '');
    if (waiting !== undefined) {
      if (outcome === 'accepted') waiting.resolve(parsed);
      else waiting.reject(new RejectedError(parsed));
    } else if (outcome === 'accepted' && operation === 'delete') this.#noticed({ kind: 'delete' });
    else if (outcome === 'accepted' && operation === 'update') {
      const { desired, reported } = parsed.state ?? {};
      const patch = { ...(desired !== undefined && { desired }), ...(reported !== undefined && { reported }) };
      this.#noticed({ kind: 'update', version: parsed.version ?? 0, patch });
    }
  }
}

function parse(payload: Buffer): Response | undefined {
  try {
    return Response.safeParse(JSON.parse(payload.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
