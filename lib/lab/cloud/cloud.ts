import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { haltDaemon, killDaemon } from '../daemon.ts';
import type { Machine } from '../machine/machine.ts';
import { thisMachine } from '../machine/this-machine.ts';
import { checkNames } from '../shadow/names.ts';
import { brokerConfiguration } from './broker.ts';
import { type Credentials, credentialsOf, issue, issueForServer, makeAuthority } from './certificates.ts';
import { type CloudConfiguration, cloudPaths } from './configuration.ts';
import { brokerAccess, OPERATOR, SERVER, SERVICE } from './identities.ts';

export interface CloudOptions {
  /** Where it keeps everything, in its machine; what an earlier cloud left in there is gone on with. */
  readonly directory: string;
  /** Address to listen on, and for which the server's certificate is. */
  readonly host: string;
  /** Default 8883 and 8443. */
  readonly ports?: CloudConfiguration['ports'];
  /** Things that get a certificate at once. */
  readonly things?: readonly string[];
  /** Default: kept. */
  readonly sessions?: CloudConfiguration['sessions'];
  /** Default 8,192 bytes, and no counting of requests. */
  readonly limits?: Partial<CloudConfiguration['limits']>;
  /** The bundle of the cloud's process, as `npm run build` makes it: build/cloud/cloud.cjs. */
  readonly program: string;
  /** Default: this machine. */
  readonly machine?: Machine;
  /** Path, in the machine, of the network namespace to run in; its loopback interface gets the address. */
  readonly netns?: string;
}

export const DEFAULT_PORTS = { mqtt: 8883, https: 8443 };
/** The name under which the process is looked for, before it is ended. */
export const CLOUD_PROGRAM = 'firebreak-cloud-';

/** Starts a broker with a shadow service, or one that ran in this directory anew. @throws Error with the end of its log */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const cloud = new Cloud(options);
  await cloud.start();
  for (const thing of options.things ?? []) await cloud.issue(thing);
  return cloud;
}

/** The lab's cloud, wherever it runs. Paths are those in its machine. */
export class Cloud {
  readonly #machine: Machine;
  readonly #options: CloudOptions;
  readonly #paths: ReturnType<typeof cloudPaths>;
  readonly configuration: CloudConfiguration;

  constructor(options: CloudOptions) {
    const { directory, host, ports = DEFAULT_PORTS, sessions = 'kept', limits } = options;
    this.#machine = options.machine ?? thisMachine();
    this.#options = options;
    this.#paths = cloudPaths(directory);
    this.configuration = { directory, host, ports, sessions, limits: { shadowSize: 8192, ...limits } };
  }

  /** Where clients go. */
  get endpoint(): { readonly host: string; readonly mqtt: number; readonly https: string } {
    const { host, ports } = this.configuration;
    return { host, mqtt: ports.mqtt, https: `https://${host}:${ports.https}` };
  }

  /** Of one who may do everything. */
  get operator(): Credentials {
    return credentialsOf(this.configuration.directory, OPERATOR);
  }

  /** Signs a certificate for a thing, unless it has one. @throws Error about its name */
  async issue(thing: string): Promise<Credentials> {
    await this.issueAll([thing]);
    return credentialsOf(this.configuration.directory, thing);
  }

  /** The same for many, as many at once as there are processors. @throws Error about a name */
  async issueAll(things: readonly string[]): Promise<void> {
    for (const thing of things) {
      const wrong = checkNames({ thing, shadow: null });
      if (wrong !== undefined) throw new Error(`${thing}: ${wrong.message}`);
    }
    await issue(this.#machine, this.configuration.directory, things);
  }

  /** Makes everything that it needs before it is started, the authority too, unless it is there. @returns path of its program */
  async prepare(): Promise<string> {
    const program = await readFile(this.#options.program, 'utf8');
    // What a VM sees of the machine's files may be stale: a build is never overwritten there.
    const hash = createHash('sha256').update(program).digest('hex').slice(0, 12);
    const copy = join(this.configuration.directory, `${CLOUD_PROGRAM}${hash}.cjs`);
    if (!(await this.#isPrepared(copy))) await this.#prepare(copy, program);
    return copy;
  }

  /** Starts it, also after `stop` and `kill`, with the shadows that it had. One that runs is stopped first. */
  async start(): Promise<void> {
    await this.stop();
    const copy = await this.prepare();
    const inside = this.#inside();
    const address = `${this.configuration.host}/32`;
    if (inside.length > 0) await this.#machine.run([...inside, 'ip', 'address', 'replace', address, 'dev', 'lo']);
    await this.#spawn([...inside, process.execPath, copy, this.#paths.configuration]);
  }

  /** Ends it in good order. */
  async stop(): Promise<void> {
    await haltDaemon(this.#machine, this.#paths.pidFile, CLOUD_PROGRAM);
  }

  /** Ends it as kill -9 does, the broker too. */
  async kill(): Promise<void> {
    await killDaemon(this.#machine, this.#paths.pidFile, CLOUD_PROGRAM);
  }

  async isUp(): Promise<boolean> {
    const look = 'grep -q "$2" "/proc/$(cat "$1")/cmdline"';
    const { exitCode } = await this.#machine.run(['sh', '-c', look, 'look', this.#paths.pidFile, CLOUD_PROGRAM], {
      check: false,
    });
    return exitCode === 0;
  }

  /** The configuration is written last. */
  async #isPrepared(program: string): Promise<boolean> {
    const look = '[ ! -e "$1" ] || cat "$2"';
    const argv = ['sh', '-c', look, 'look', program, this.#paths.configuration];
    return (await this.#machine.run(argv, { check: false })).stdout === JSON.stringify(this.configuration);
  }

  async #prepare(copy: string, program: string): Promise<void> {
    const { directory, host } = this.configuration;
    const paths = this.#paths;
    await this.#machine.run(['mkdir', '-p', '-m', '700', paths.certificates, paths.broker]);
    await makeAuthority(this.#machine, directory);
    await issueForServer(this.#machine, directory, SERVER, host);
    await issue(this.#machine, directory, [SERVICE, OPERATOR]);
    await this.#write(paths.brokerConfiguration, brokerConfiguration(this.configuration));
    await this.#write(paths.brokerAccess, brokerAccess());
    await this.#write(copy, program);
    await this.#write(paths.configuration, JSON.stringify(this.configuration));
  }

  #inside(): readonly string[] {
    const { netns } = this.#options;
    return netns === undefined ? [] : ['nsenter', `--net=${netns}`];
  }

  async #spawn(argv: readonly string[]): Promise<void> {
    // A daemon that keeps the caller's output open would hold the call: everything goes to its log.
    const start = `
      log=$1; shift; rm -f "$log"; setsid "$@" >"$log" 2>&1 </dev/null & pid=$!; i=0
      until grep -qx ready "$log" 2>/dev/null; do
        kill -0 $pid 2>/dev/null && [ $i -lt 900 ] || exit 1
        i=$((i+1)); sleep 0.2
      done`;
    const { exitCode } = await this.#machine.run(['sh', '-c', start, 'start', this.#paths.log, ...argv], {
      check: false,
      timeoutMs: 200_000,
    });
    if (exitCode === 0) return;
    const { stdout } = await this.#machine.run(['tail', '-n', '20', this.#paths.log], { check: false });
    await this.stop();
    throw new Error(`the lab's cloud did not start; the end of its log:\n${stdout}`);
  }

  async #write(path: string, content: string): Promise<void> {
    await this.#machine.run(['tee', path], { input: content });
  }
}
