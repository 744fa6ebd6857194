import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfExists, writeDurably } from '../../components/host/files.ts';
import { type Policy, parsePolicy } from '../policy/index.ts';
import { buildTopology, removeTopology } from './build-topology.ts';
import type { Cloud } from './cloud/cloud.ts';
import { cloudInLab } from './cloud/in-lab.ts';
import { enginePaths, forgetRun, haltEngine, startEngine, stopEngine } from './engine.ts';
import { type Greengrass, greengrassInLab, haltGreengrass } from './greengrass/greengrass.ts';
import { loadImages, type TruckImages } from './images.ts';
import { installFirebreak } from './installation.ts';
import type { LabKernel } from './kernel.ts';
import { closeMachine, openMachine, prepareMachine, restartMachine } from './kernel.ts';
import type { Machine, RunOptions, RunResult } from './machine/machine.ts';
import { isLabName, LAB_NAME_RULE } from './name.ts';
import { commandAt, nodeNames, type Surroundings } from './nodes.ts';
import { rewire } from './rewire.ts';
import { namespaceOf, topology } from './topology.ts';
import { serveUplinks, stopServingUplinks } from './uplink-dhcp.ts';
import { uplinkNetworks } from './uplink-networks.ts';

/** What a lab is asked to be. */
export interface LabOptions {
  /** Labs of different names stand side by side. */
  readonly name: string;
  /** The policy whose switch, devices and internet are built; the truck itself comes up bare. */
  readonly policy: string;
  readonly kernel: LabKernel;
  /** Directory that `npm run build` made. */
  readonly build: string;
  readonly onProgress?: (what: string) => void;
  readonly signal?: AbortSignal;
}

/** What a lab is, as other processes read it. */
interface LabState {
  readonly name: string;
  readonly kernel: Machine['kind'];
  readonly policy: string;
  readonly build: string;
  readonly bin: string;
  readonly images: TruckImages;
}

/** Where labs lie on the outer machine. */
const LABS = '/run/firebreak';

/** The directory of a lab inside its machine: its Docker Engine, its truck's state. */
const inner = (name: string) => `/var/lib/firebreak/${name}`;

export function labDirectory(name: string): string {
  if (!isLabName(name)) throw new Error(`${name}: ${LAB_NAME_RULE}`);
  return join(LABS, name);
}

/** A running lab. */
export class Lab {
  readonly machine: Machine;
  #state: LabState;

  private constructor(machine: Machine, state: LabState) {
    this.machine = machine;
    this.#state = state;
  }

  /**
   * Brings a lab up, or the one that stands under this name to what is asked: plugged for the policy, with the present build.
   * If that fails or is aborted, what was made is removed again.
   */
  static async up(options: LabOptions): Promise<Lab> {
    const standing = await Lab.find(options.name);
    if (standing !== null) {
      await standing.#refresh(options);
      return standing;
    }
    const directory = labDirectory(options.name);
    const say = options.onProgress ?? (() => undefined);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    try {
      return await Lab.#build(options, directory, say);
    } catch (error) {
      await Lab.down(options.name);
      throw error;
    }
  }

  static async #build(options: LabOptions, directory: string, say: (what: string) => void): Promise<Lab> {
    const { name, signal } = options;
    const machine = await prepareMachine(directory, options);
    // From here on `down` knows how to reach what is being made.
    await writeDurably(kernelFile(directory), machine.kind);
    signal?.throwIfAborted();
    const policy = checked(options.policy);
    say('truck, switch, devices and internet');
    await machine.run(['mkdir', '-p', inner(name)]);
    await cable(machine, name, policy);
    signal?.throwIfAborted();
    say("the truck's Docker Engine");
    const { socket } = await startEngine(machine, name, inner(name));
    signal?.throwIfAborted();
    say('images');
    const images = await loadImages(machine, socket, { policy, routerRoot: routerRoot(options.build) });
    const { bin } = await installFirebreak(machine, options.build, `${inner(name)}/installations`);
    const lab = new Lab(machine, {
      name,
      kernel: machine.kind,
      policy: options.policy,
      build: options.build,
      bin,
      images,
    });
    await lab.#keep();
    signal?.throwIfAborted();
    return lab;
  }

  /**
   * Cuts the truck's power and switches it on again: it comes up with its Docker Engine and what was on its disk, and nobody has started
   * Firebreak. On this machine's own kernel the engine is halted in good order instead, and the network namespaces are made anew.
   */
  static async reboot(name: string, onProgress: (what: string) => void = () => undefined): Promise<Lab> {
    const lab = await Lab.open(name);
    const { machine } = lab;
    const state = lab.#state;
    const hasCloud = await lab.cloud.isUp();
    onProgress('power off');
    if (machine.kind === 'this-machine') {
      await lab.cloud.stop();
      await haltEngine(machine, inner(name));
      await stopServingUplinks(machine, inner(name));
      await removeTopology(machine, name);
    }
    onProgress('power on');
    const booted = await restartMachine(labDirectory(name), machine.kind);
    await forgetRun(booted, inner(name));
    onProgress('truck, switch, devices and internet');
    await cable(booted, name, checked(state.policy));
    onProgress("the truck's Docker Engine");
    await startEngine(booted, name, inner(name));
    const rebooted = new Lab(booted, state);
    if (hasCloud) await rebooted.cloud.start();
    return rebooted;
  }

  /** The lab of this name, or null if there is none. */
  static async find(name: string): Promise<Lab | null> {
    const text = await readIfExists(stateFile(labDirectory(name)));
    if (text === null) return null;
    const state = JSON.parse(text) as LabState;
    return new Lab(await openMachine(labDirectory(name), state.kernel), state);
  }

  /** @throws Error that says how to get one. */
  static async open(name: string): Promise<Lab> {
    const lab = await Lab.find(name);
    if (lab === null)
      throw new Error(`there is no lab named ${name}: firebreak lab up${name === 'lab' ? '' : ` --name ${name}`}`);
    return lab;
  }

  /** Removes everything a lab made, however far it came; without one it does nothing. */
  static async down(name: string): Promise<void> {
    const directory = labDirectory(name);
    const kernel = await readIfExists(kernelFile(directory));
    if (kernel === 'this-machine') {
      const machine = await openMachine(directory, kernel);
      await haltGreengrass(machine, inner(name));
      await cloudInLab({ machine, lab: name, directory: inner(name), build: '' }).stop();
      await stopEngine(machine, name, inner(name));
      await stopServingUplinks(machine, inner(name));
      await removeTopology(machine, name);
      await machine.run(['rm', '-rf', inner(name)]);
    }
    await closeMachine(directory);
    await rm(directory, { recursive: true, force: true });
  }

  get policy(): Policy {
    return checked(this.#state.policy);
  }

  /** Where a lab keeps things inside its machine. */
  get directory(): string {
    return inner(this.#state.name);
  }

  /** Path, inside the machine, of the native addons that came with the installed build. */
  get packages(): string {
    return join(this.#state.bin, '..', 'node_modules');
  }

  /** The cloud in the lab's internet, which is down until it is started. Its paths are those inside the machine. */
  get cloud(): Cloud {
    const { name, build } = this.#state;
    return cloudInLab({ machine: this.machine, lab: name, directory: inner(name), build });
  }

  /**
   * The truck's Greengrass, which is down until it is started, with a certificate of the lab's cloud. A component's environment is that of
   * a command on the truck.
   */
  async greengrass(thing = 'truck', options: { readonly errorResetSeconds?: number } = {}): Promise<Greengrass> {
    const { name, build } = this.#state;
    const place = { machine: this.machine, lab: name, directory: inner(name), build };
    const environment = this.#surroundings.truckEnvironment;
    return await greengrassInLab({ ...place, environment }, this.cloud, thing, options);
  }

  /** Path of the truck's Docker socket inside the machine. */
  get socket(): string {
    return enginePaths(this.directory).socket;
  }

  /** Path, inside the machine, of the network namespace of a place or a device. */
  namespace(place: string): string {
    return `/run/netns/${namespaceOf(this.#state.name, place)}`;
  }

  get nodes(): readonly string[] {
    return nodeNames(this.#surroundings);
  }

  /** Runs a command at a node (or truck, switch, internet) and collects its output. */
  exec(node: string, argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return this.machine.run(commandAt(this.#surroundings, node, argv), options);
  }

  /** What to spawn, with inherited stdio, to be at a node. */
  interactive(node: string, argv: readonly string[], tty: boolean): readonly string[] {
    return this.machine.interactive(commandAt(this.#surroundings, node, argv, tty), { tty });
  }

  /** The truck's command line: `firebreak ...` on the truck. */
  firebreak(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return this.exec('truck', ['firebreak', ...argv], { timeoutMs: 600_000, ...options });
  }

  /** Ends the truck's dockerd in good order and starts it again; its containers go and come with it. */
  async restartEngine(): Promise<void> {
    const { name } = this.#state;
    await haltEngine(this.machine, inner(name));
    await startEngine(this.machine, name, inner(name));
  }

  /** State of each container on the truck, by name, as Docker says it. */
  async containers(): Promise<Readonly<Record<string, string>>> {
    const format = '{{.Names}}\t{{.Status}}';
    const { stdout } = await this.exec('truck', ['docker', 'ps', '--all', '--format', format]);
    return Object.fromEntries(
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('\t') as [string, string]),
    );
  }

  /** Plugs switch, devices and internet for another policy; the truck is not touched. */
  async plug(policy: string): Promise<void> {
    const { name } = this.#state;
    const [before, after] = [this.policy, checked(policy)];
    await rewire(this.machine, name, before, after);
    if (JSON.stringify(uplinkNetworks(before)) !== JSON.stringify(uplinkNetworks(after))) {
      await serveUplinks(this.machine, name, inner(name), after);
    }
    this.#state = { ...this.#state, policy };
    await this.#provideImages();
  }

  async #refresh({ policy, build }: LabOptions): Promise<void> {
    const { bin } = await installFirebreak(this.machine, build, `${inner(this.#state.name)}/installations`);
    this.#state = { ...this.#state, build, bin };
    if (checked(policy).revision.hash === this.policy.revision.hash) await this.#provideImages();
    else await this.plug(policy);
  }

  /** Those that the policy names, and the router's as the present build has it. */
  async #provideImages(): Promise<void> {
    const { build, images: known } = this.#state;
    const needs = { policy: this.policy, routerRoot: routerRoot(build), known };
    this.#state = { ...this.#state, images: await loadImages(this.machine, this.#surroundings.socket, needs) };
    await this.#keep();
  }

  /** Also tells the truck which nodes measure for themselves, as the lab's devices and its internet do. */
  async #keep(): Promise<void> {
    const { name } = this.#state;
    const agents = [
      'internet',
      ...this.policy.nodes.filter(({ kind }) => kind === 'device').map((device) => device.name),
    ];
    const places = Object.fromEntries(agents.map((agent) => [agent, `/run/netns/${namespaceOf(name, agent)}`]));
    await this.machine.run(['tee', agentsFile(name)], { input: JSON.stringify(places) });
    await writeDurably(stateFile(labDirectory(name)), JSON.stringify(this.#state));
  }

  get #surroundings(): Surroundings {
    const { name, bin, images } = this.#state;
    const { socket } = enginePaths(inner(name));
    return {
      lab: name,
      policy: this.policy,
      socket,
      truckEnvironment: {
        PATH: `${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
        DOCKER_HOST: `unix://${socket}`,
        FIREBREAK_STATE: `${inner(name)}/truck`,
        FIREBREAK_ROUTER_IMAGE: images.router,
        FIREBREAK_AGENTS: agentsFile(name),
      },
    };
  }
}

async function cable(machine: Machine, name: string, policy: Policy): Promise<void> {
  await buildTopology(machine, topology(name, policy));
  await serveUplinks(machine, name, inner(name), policy);
}

const routerRoot = (build: string) => join(build, 'router');
const stateFile = (directory: string) => join(directory, 'lab.json');
const kernelFile = (directory: string) => join(directory, 'kernel');
const agentsFile = (name: string) => `${inner(name)}/agents.json`;

function checked(document: string): Policy {
  const { policy, problems } = parsePolicy(document);
  if (policy === undefined) {
    throw new Error(
      `the lab's policy is refused: ${problems.map(({ path, message }) => `${path}: ${message}`).join('; ')}`,
    );
  }
  return policy;
}
