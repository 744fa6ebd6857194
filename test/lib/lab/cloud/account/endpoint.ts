import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { depotGroup, depotsGroup, type Ring, ringGroup, thingType } from '../../../../../lib/fleet/names.ts';
import { Account, idOf } from '../../../../../lib/lab/cloud/account/account.ts';
import { furnish, LAB_STAGE } from '../../../../../lib/lab/cloud/account/furnish.ts';
import { answerBuckets } from '../../../../../lib/lab/cloud/account/s3/buckets.ts';
import { AccountService } from '../../../../../lib/lab/cloud/account/service.ts';
import { restListener } from '../../../../../lib/lab/cloud/rest-door.ts';
import { ShadowService } from '../../../../../lib/lab/cloud/shadow-service.ts';
import { ShadowStore } from '../../../../../lib/lab/cloud/store.ts';
import { type Shadow, updateShadow } from '../../../../../lib/lab/shadow/shadow.ts';

/** What a test wants a request to come to instead; undefined: let it pass. */
export type Intercept = (request: {
  readonly method: string;
  readonly url: string;
}) => { readonly status: number; readonly type: string } | undefined;

/** The lab's account on loopback, without broker and TLS, in memory. */
export class Endpoint {
  readonly account = new Account();
  readonly store = ShadowStore.inMemory();
  readonly requests: { readonly method: string; readonly url: string; readonly status: number }[] = [];
  readonly published: { readonly topic: string; readonly payload: Buffer }[] = [];
  intercept: Intercept = () => undefined;
  url = '';
  #close: () => Promise<void> = () => Promise.resolve();

  static async start(perSecond: Readonly<Record<string, number>> = {}): Promise<Endpoint> {
    const endpoint = new Endpoint();
    const { account, store } = endpoint;
    furnish(account, Date.now());
    const service = new AccountService(
      {
        ...{ account, now: Date.now, host: 'data.iot.example' },
        shadowsOf: (thing) => store.shadowsOf(thing),
        newCertificate: () =>
          Promise.resolve({ id: 'c'.repeat(64), pem: 'CERTIFICATE\n', publicKey: 'PUBLIC\n', privateKey: 'KEY\n' }),
      },
      perSecond,
    );
    const shadows = new ShadowService({
      ...{ store, limits: { shadowSize: 8192 }, now: () => Date.now() / 1000 },
      publish: () => undefined,
    });
    const listener = restListener({
      ...{ store, account: service, service: shadows },
      buckets: (method, target) => answerBuckets(method, target, account),
      publish: (topic, payload) => void endpoint.published.push({ topic, payload }),
    });
    const server = createServer((request, response) => {
      const { method = '', url = '' } = request;
      response.on('finish', () => endpoint.requests.push({ method, url, status: response.statusCode }));
      const instead = endpoint.intercept({ method, url });
      if (instead === undefined) return listener(request, response);
      request.resume();
      const headers = { 'content-type': 'application/json', 'x-amzn-ErrorType': instead.type };
      response.writeHead(instead.status, headers).end(JSON.stringify({ message: 'as the test wishes' }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    endpoint.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    endpoint.#close = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    return endpoint;
  }

  end(): Promise<void> {
    return this.#close();
  }

  /** Requests whose path begins so. */
  asked(start: string) {
    return this.requests.filter(({ url }) => url.startsWith(start));
  }

  /** A truck of the fleet that is in a ring, maybe of a depot, and what it has reported. */
  async truck(
    thing: string,
    ring: Ring,
    reported: Readonly<Partial<Record<'network' | 'isolation', object>>> = {},
    depot?: string,
  ) {
    const home = depot === undefined ? depotsGroup(LAB_STAGE) : depotGroup(LAB_STAGE, depot);
    const groups = [ringGroup(LAB_STAGE, ring), home];
    const about = { type: thingType(LAB_STAGE), attributes: {}, version: 1, groups };
    this.account.things.set(thing, { name: thing, id: idOf(thing), ...about });
    for (const [shadow, document] of Object.entries(reported)) await this.shadow(thing, shadow, { reported: document });
  }

  async shadow(thing: string, shadow: string, state: object, at = Date.now()): Promise<void> {
    const name = { thing, shadow };
    const payload = Buffer.from(JSON.stringify({ state }));
    const answer = updateShadow(this.store.get(name), payload, Math.floor(at / 1000));
    if (!answer.accepted) throw new Error(`${thing}, ${shadow}: ${answer.error.message}`);
    await this.store.put(name, answer.shadow);
  }

  stateOf(thing: string, shadow: string): { readonly desired?: unknown; readonly reported?: unknown } {
    const found = this.store.get({ thing, shadow }) as Shadow & { state?: object };
    return found?.state ?? {};
  }
}

/** For AWS's clients: they sign, and nobody looks. */
export function useLabCredentials(): void {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'lab',
    AWS_SECRET_ACCESS_KEY: 'lab',
    AWS_REGION: 'lab-1',
    FIREBREAK_STAGE: LAB_STAGE,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
}
