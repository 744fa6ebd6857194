import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Cloud } from '../../../../lib/lab/cloud/cloud.ts';
import { bundle } from '../../../components/bundle.ts';
import { until } from '../../../components/host/until.ts';

export interface Setting {
  readonly protocol: 'MQTT 5' | 'MQTT 3.1.1';
  readonly host: string;
  readonly thing: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface Call {
  readonly id: number;
  readonly what: 'get' | 'update' | 'delete' | 'listen';
  readonly request: { readonly thingName: string; readonly shadowName: string };
}

export type Said =
  | { readonly event: 'connected' | 'delta' | 'updated'; readonly message?: unknown }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: unknown };

const ADDON = `aws-crt/dist/bin/linux-${process.arch}-glibc/aws-crt-nodejs.node`;

/** A device that runs AWS's SDK. */
export class Device {
  readonly #process: ChildProcess;
  readonly #said: Said[] = [];
  #calls = 0;

  private constructor(process_: ChildProcess) {
    this.#process = process_;
    process_.on('message', (said: Said) => this.#said.push(said));
  }

  /** Returns when it is connected. @param directory for its program */
  static async connect(cloud: Cloud, directory: string, protocol: Setting['protocol'], thing: string): Promise<Device> {
    const program = join(directory, 'device.cjs');
    bundle("import './test/lib/lab/cloud/device-process.ts';", program);
    const setting: Setting = { protocol, thing, host: cloud.endpoint.host, ...(await cloud.issue(thing)) };
    const addon = join(__dirname, '../../../../node_modules', ADDON);
    const env = { ...process.env, AWS_CRT_NODEJS_BINARY_ABSOLUTE_PATH: addon };
    const device = new Device(fork(program, [JSON.stringify(setting)], { env, execArgv: [] }));
    await device.next('connected');
    return device;
  }

  /** What the SDK gives for a call, or `{ error }` with what it says of the rejection. */
  async ask(what: Call['what'], request: Call['request'] & Readonly<Record<string, unknown>>): Promise<unknown> {
    const id = ++this.#calls;
    this.#process.send({ id, what, request } satisfies Call);
    const said = await this.#find((candidate) => 'id' in candidate && candidate.id === id, what);
    return 'result' in said ? said.result : said;
  }

  /** The next event of this kind; it is heard once. */
  async next(event: 'connected' | 'delta' | 'updated'): Promise<unknown> {
    const said = await this.#find((candidate) => 'event' in candidate && candidate.event === event, event);
    return 'event' in said ? said.message : undefined;
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }

  async #find(isIt: (said: Said) => boolean, what: string): Promise<Said> {
    await until(`the device’s ${what}`, () => this.#process.exitCode !== null || this.#said.some(isIt));
    const [found] = this.#said.splice(this.#said.findIndex(isIt), 1);
    if (found === undefined || !isIt(found)) throw new Error(`the device ended before its ${what}`);
    return found;
  }
}
