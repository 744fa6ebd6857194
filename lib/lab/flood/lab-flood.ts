import { join } from 'node:path';
import type { Policy } from '../../policy/index.ts';
import { INTERNET } from '../../truck/network.ts';
import type { Lab } from '../lab.ts';
import { putProgram } from '../machine/program.ts';
import { Flood } from './flood.ts';
import type { Phase, Stream } from './stream.ts';
import { streamsOf } from './streams.ts';

/** A flood at all nodes of a lab and its internet, run in the lab's machine. */
export class LabFlood {
  readonly #lab: Lab;
  readonly #flood: Flood;
  readonly #trunkMac: string;
  #present = '';

  private constructor(lab: Lab, flood: Flood, trunkMac: string) {
    this.#lab = lab;
    this.#flood = flood;
    this.#trunkMac = trunkMac;
  }

  /** @param build directory that `npm run build` made */
  static async start(lab: Lab, build: string): Promise<LabFlood> {
    const file = await putProgram(lab.machine, join(build, 'flood', 'flood.cjs'), {
      directory: lab.directory,
    });
    const { stdout } = await lab.exec('truck', ['ip', '-j', 'link', 'show', 'dev', lab.policy.trunk.interface]);
    const [trunk] = JSON.parse(stdout) as readonly { readonly address: string }[];
    const argv = ['env', `NODE_PATH=${lab.packages}`, process.execPath, file];
    const flood = await Flood.start(lab.machine.interactive(argv, { tty: false }), { docker: lab.socket });
    return new LabFlood(lab, flood, trunk?.address ?? '');
  }

  /** What is to be sent as long as one of these policies may be in force. */
  streams(policies: readonly Policy[]): readonly Stream[] {
    // A kernel that is emulated has no time for more, and what is measured would starve.
    const pace = this.#lab.machine.kind === 'vm' ? 'together' : 'each';
    return streamsOf(policies, { trunkMac: this.#trunkMac, pace });
  }

  /** The next phase, at all places that these policies know. */
  async phase(phase: string, policies: readonly Policy[], streams = this.streams(policies)): Promise<void> {
    await this.#flood.phase({ phase, places: this.#places(policies), streams });
    this.#present = phase;
  }

  /** The phase that was begun last. */
  get present(): string {
    return this.#present;
  }

  /** Counts, as `Flood` gives them. */
  get counts(): Flood {
    return this.#flood;
  }

  #places(policies: readonly Policy[]): Phase['places'] {
    const nodes = policies.flatMap((policy) => policy.nodes);
    return Object.fromEntries([
      [INTERNET, { netns: this.#lab.namespace(INTERNET) }],
      ...nodes.map(({ name, kind }) => [
        name,
        kind === 'container' ? { container: name } : { netns: this.#lab.namespace(name) },
      ]),
    ]);
  }
}
