import { join } from 'node:path';
import type { Credentials } from '../cloud/certificates.ts';
import type { Cloud } from '../cloud/cloud.ts';
import { haltDaemon, killDaemon } from '../daemon.ts';
import type { Machine } from '../machine/machine.ts';
import { putProgram } from '../machine/program.ts';
import { thisMachine } from '../machine/this-machine.ts';
import { namespaceOf } from '../topology.ts';
import type { DeploymentDocument } from './deployment/document.ts';
import type { Status } from './nucleus.ts';
import type { Outcome } from './nucleus-state.ts';

export interface GreengrassOptions {
  /** Where it keeps everything, in its machine; short, because unix sockets' paths are. What is deployed in there is gone on with. */
  readonly directory: string;
  /** The bundle, as `npm run build` makes it: build/greengrass/greengrass.cjs. */
  readonly program: string;
  readonly thing: string;
  readonly endpoint: { readonly host: string; readonly mqtt: number };
  /** Paths in the machine. */
  readonly credentials: Credentials;
  /** Default: this machine. */
  readonly machine?: Machine;
  /** Path, in the machine, of the network namespace to run in. */
  readonly netns?: string;
  /** For the nucleus, and so for all components. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Errors further apart than this, in seconds, don't make a component BROKEN. Default 3,600, as in the nucleus. */
  readonly errorResetSeconds?: number;
}

/** Where a deployment's recipes and artifacts lie in the machine, as `greengrass-cli deployment create` wants them. */
export interface LocalStore {
  readonly recipes: string;
  readonly artifacts: string;
}

/** The name under which the process is looked for, before it is ended. */
const PROGRAM = 'firebreak-greengrass-';

/** The truck's Greengrass, wherever it runs. */
export class Greengrass {
  readonly #options: GreengrassOptions;
  readonly #machine: Machine;

  constructor(options: GreengrassOptions) {
    this.#options = options;
    this.#machine = options.machine ?? thisMachine();
  }

  /** Also after `stop`, `kill` and a power cut: what was deployed runs again. @throws Error with the end of its log */
  async start(): Promise<void> {
    await this.stop();
    const { thing, endpoint, credentials, netns, environment, errorResetSeconds } = this.#options;
    await this.#machine.run(['mkdir', '-p', this.#root]);
    const argv = [
      ...(netns === undefined ? [] : ['nsenter', `--net=${netns}`]),
      ...[process.execPath, await this.#program(), 'run', '--root', this.#root, '--thing', thing],
      ...['--endpoint', endpoint.host, '--port', String(endpoint.mqtt)],
      ...['--ca', credentials.ca, '--cert', credentials.certificate, '--key', credentials.key],
      ...(errorResetSeconds === undefined ? [] : ['--error-reset', String(errorResetSeconds)]),
    ];
    // Whoever starts it is not kept waiting by its output, and nsenter becomes the program itself.
    const spawn =
      'log=$1; pid=$2; shift 2; setsid sh -c \'echo $$ >"$0"; exec "$@"\' "$pid" "$@" >"$log" 2>&1 </dev/null &';
    await this.#machine.run(['rm', '-f', this.#log]);
    await this.#machine.run(['sh', '-c', spawn, 'spawn', this.#log, pidFileIn(this.#options.directory), ...argv], {
      ...(environment && { environment }),
    });
    const wait =
      'i=0; until grep -q "aws.greengrass.Nucleus: ready" "$1"; do i=$((i+1)); [ $i -lt 600 ] || exit 1; sleep 0.1; done';
    const { exitCode } = await this.#machine.run(['sh', '-c', wait, 'wait', this.#log], { check: false });
    if (exitCode === 0) return;
    const { stdout } = await this.#machine.run(['tail', '-n', '20', this.#log], { check: false });
    throw new Error(`the truck's Greengrass did not start; the end of its log:\n${stdout}`);
  }

  /** Ends it and all components, in good order. */
  async stop(): Promise<void> {
    await haltDaemon(this.#machine, pidFileIn(this.#options.directory), PROGRAM);
  }

  /** Ends it alone, as kill -9 does; the components' processes stay until it is started again. */
  async kill(): Promise<void> {
    await killDaemon(this.#machine, pidFileIn(this.#options.directory), PROGRAM);
  }

  /** Fulfilled when everything is up, or it was gone back. */
  async deploy(document: DeploymentDocument, { recipes, artifacts }: LocalStore): Promise<Outcome> {
    const stores = ['--recipes', recipes, '--artifacts', artifacts];
    const argv = [process.execPath, await this.#program(), 'deploy', '-', '--root', this.#root, ...stores];
    const options = { input: JSON.stringify(document), timeoutMs: 600_000, check: false };
    const { stdout, stderr } = await this.#machine.run(argv, options);
    if (stdout === '') throw new Error(`the deployment was not taken: ${stderr}`);
    return JSON.parse(stdout) as Outcome;
  }

  /** @throws Error when it doesn't run */
  async status(): Promise<Status> {
    const argv = [process.execPath, await this.#program(), 'status', '--root', this.#root];
    return JSON.parse((await this.#machine.run(argv)).stdout) as Status;
  }

  /** All that a component said, and what happened to it; "" if there was nothing. */
  async logs(component: string): Promise<string> {
    const { stdout } = await this.#machine.run(['cat', join(this.#root, 'logs', `${component}.log`)], { check: false });
    return stdout;
  }

  #program(): Promise<string> {
    const { program, directory } = this.#options;
    return putProgram(this.#machine, program, { directory, prefix: PROGRAM });
  }

  get #root(): string {
    return join(this.#options.directory, 'v2');
  }

  get #log(): string {
    return join(this.#options.directory, 'greengrass.log');
  }
}

/** What there is of a lab where Greengrass is to run. */
interface Place {
  readonly machine: Machine;
  readonly lab: string;
  /** Of the lab in the machine. */
  readonly directory: string;
  /** Directory that `npm run build` made of the command line; Greengrass' program lies beside it. */
  readonly build: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Greengrass on a lab's truck, which reaches the lab's cloud only through its own router and uplink. */
export async function greengrassInLab(
  { machine, lab, directory, build, environment }: Place,
  cloud: Cloud,
  thing: string,
  options: Pick<GreengrassOptions, 'errorResetSeconds'> = {},
): Promise<Greengrass> {
  return new Greengrass({
    ...{ machine, thing, environment, endpoint: cloud.endpoint, credentials: await cloud.issue(thing) },
    ...{ directory: join(directory, 'greengrass'), netns: `/run/netns/${namespaceOf(lab, 'truck')}` },
    program: join(build, '..', 'greengrass', 'greengrass.cjs'),
    ...options,
  });
}

/** Ends that of a lab which is being taken down, whatever it was told. */
export async function haltGreengrass(machine: Machine, directory: string): Promise<void> {
  await haltDaemon(machine, pidFileIn(directoryIn(directory)), PROGRAM);
}

function directoryIn(lab: string): string {
  return join(lab, 'greengrass');
}

function pidFileIn(directory: string): string {
  return join(directory, 'greengrass.pid');
}
