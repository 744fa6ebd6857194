import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Policy } from '../../policy/index.ts';
import { INTERNET } from '../../truck/network.ts';
import type { Lab } from '../lab.ts';
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
    const program = await readFile(join(build, 'flood', 'flood.cjs'), 'utf8');
    // What a VM sees of the machine's files may be stale: a build is never overwritten there.
    const file = `${lab.directory}/flood-${createHash('sha256').update(program).digest('hex').slice(0, 12)}.cjs`;
    await lab.machine.run(['tee', file], { input: program });
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
