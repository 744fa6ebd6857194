import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { parse } from 'yaml';
import { deployComponents } from '../../lib/lab/deploy-components.ts';
import type { Greengrass } from '../../lib/lab/greengrass/greengrass.ts';
import { Lab } from '../../lib/lab/lab.ts';
import { SHADOWS, type ShadowName } from '../../lib/shadow/names.ts';
import { replacing } from '../../lib/shadow/replace.ts';
import type { Matrix } from '../../lib/truck/judge.ts';
import { example, openLab, presentLab, ROOT } from './support.ts';

const THING = 'truck';
export type Document = Readonly<Record<string, unknown>>;
export const ARTICLE = parse(example('article.yaml')) as Document;
/** What a truck is of which nothing is desired: it has its way to the cloud. */
const BASELINE = {
  ...{ version: 1, trunk: ARTICLE.trunk, host: { internet: true }, uplinks: ARTICLE.uplinks },
  segments: { service: { vlan: 900, subnet: '10.90.0.0/24', router: '10.90.0.1' } },
};
/** Milliseconds. Under software emulation a change of policy, its two matrices included, takes a minute. */
const SETTLED_WITHIN = 600_000;
/** So long may a change take to prove itself. */
const CONFIRM_WITHIN_SECONDS = 240;

export interface Reported extends Document {
  readonly status?: string;
  readonly verdict?: string;
  readonly revision?: { readonly id: string };
  readonly desired?: { readonly id: string };
  readonly why?: string;
  readonly problems?: readonly { readonly path: string; readonly message: string }[];
}

interface Shadow {
  readonly state: { readonly desired?: Document; readonly reported?: Reported };
}

/** A lab's truck in service, and an operator who has no program of ours: mosquitto's clients, with a certificate of the lab's cloud. */
export class ServedLab {
  lab: Lab;
  readonly #errorResetSeconds: number | undefined;
  greengrass: Greengrass;

  private constructor(lab: Lab, greengrass: Greengrass, errorResetSeconds: number | undefined) {
    this.lab = lab;
    this.greengrass = greengrass;
    this.#errorResetSeconds = errorResetSeconds;
  }

  /**
   * A bare truck, a cloud that knows nothing of it, and a Greengrass to which nothing was deployed.
   * @param errorResetSeconds errors of a component further apart than this don't make it BROKEN
   */
  static async open({ errorResetSeconds }: { readonly errorResetSeconds?: number } = {}): Promise<ServedLab> {
    const lab = await openLab();
    await lab.plug(example('article.yaml'));
    await lab.firebreak(['down']);
    await lab.cloud.start();
    const options = errorResetSeconds === undefined ? {} : { errorResetSeconds };
    const served = new ServedLab(lab, await lab.greengrass(THING, options), errorResetSeconds);
    // A lab that stands may have them of an earlier run.
    for (const name of SHADOWS) await lab.exec('internet', served.#mosquitto('pub', '-t', topic(name, 'delete'), '-n'));
    await served.greengrass.stop();
    await lab.machine.run(['rm', '-rf', `${lab.directory}/greengrass`]);
    await served.greengrass.start();
    return served;
  }

  async close(): Promise<void> {
    await this.greengrass.stop();
    await this.lab.cloud.stop();
  }

  /** The components as they were built, with the baseline. */
  async deploy(): Promise<void> {
    await deployComponents(this.greengrass, join(ROOT, 'build', 'components'), {
      policy: BASELINE,
      confirmWithinSeconds: CONFIRM_WITHIN_SECONDS,
    });
  }

  /** Power off, power on, and Greengrass started as the truck's service manager starts it. */
  async reboot(): Promise<void> {
    this.lab = await Lab.reboot(presentLab());
    const options = this.#errorResetSeconds === undefined ? {} : { errorResetSeconds: this.#errorResetSeconds };
    this.greengrass = await this.lab.greengrass(THING, options);
    await this.greengrass.start();
  }

  /** null: the cloud has none yet. */
  async shadow(name: ShadowName): Promise<Shadow | null> {
    const ask = this.#mosquitto('rr', '-t', topic(name, 'get'), '-e', topic(name, 'get/accepted'), '-n', '-W', '5');
    const { stdout } = await this.lab.exec('internet', ask, { check: false });
    return stdout.trim() === '' ? null : (JSON.parse(stdout) as Shadow);
  }

  /** Into `desired`, as a shadow is written: what is named is replaced, maps are merged, and null deletes. */
  async desire(desired: unknown): Promise<void> {
    const message = JSON.stringify({ state: { desired } });
    const publish = this.#mosquitto('pub', '-t', topic('network', 'update'), '-s');
    await this.lab.exec('internet', publish, { input: message });
  }

  /** What stands in `desired` is this and nothing else. */
  async replaceDesired(desired: Document): Promise<void> {
    await this.desire(replacing((await this.shadow('network'))?.state.desired, desired));
  }

  /** Everything on the truck that isolates, as text: links, addresses, routes, rules, containers, networks. */
  async network(): Promise<string> {
    const { stdout } = await this.lab.exec('truck', ['sh', '-c', NETWORK]);
    const { stdout: router } = await this.lab.exec('router', ['nft', '-s', '-t', 'list', 'ruleset']);
    return `${stdout}${router}`;
  }

  /** Asks until the shadow is as expected. @throws Error after the deadline, with the last one and what the network manager said */
  async until(name: ShadowName, isSo: (reported: Reported) => boolean): Promise<Reported> {
    const begun = performance.now();
    for (;;) {
      const found = (await this.shadow(name))?.state.reported;
      if (found !== undefined && isSo(found)) return found;
      if (performance.now() - begun > SETTLED_WITHIN) {
        const logs = await this.greengrass.logs('com.firebreak.NetworkManager');
        throw new Error(`${name} is ${JSON.stringify(found)}; the network manager said:\n${logs.slice(-4000)}`);
      }
      await pause(500);
    }
  }

  /** What was last desired is in force, and measured as isolated. @param before the revision that was in force @returns the new one */
  async appliedAndIsolated(before?: string): Promise<string> {
    const network = await this.until(
      'network',
      ({ status, revision }) => status === 'applied' && revision !== undefined && revision.id !== before,
    );
    const id = network.revision?.id ?? '';
    await this.isolated(id);
    return id;
  }

  /** This revision was measured, and is isolated. */
  async isolated(revision: string): Promise<void> {
    const measured = ({ revision: of, verdict }: Reported) => of?.id === revision && verdict !== undefined;
    const isolation = await this.until('isolation', measured);
    expect([isolation.verdict, isolation.failing]).toEqual(['isolated', undefined]);
  }

  /** The rows of the matrix that came by the cloud, as `firebreak truck matrix` assembles it. */
  async rows(): Promise<Matrix['rows']> {
    const program = join(ROOT, 'bin', 'firebreak');
    const argv = [program, 'truck', 'matrix', '--thing', THING, '--lab', presentLab(), '--json'];
    const { stdout } = await execa(process.execPath, argv, { reject: false, stderr: 'inherit' });
    return (JSON.parse(stdout) as { readonly matrix: Matrix }).matrix.rows;
  }

  /** `kill -9` of a component's process; what it has started lives on. @returns whether it ran */
  async kill(component: 'network-manager' | 'isolation-tester'): Promise<boolean> {
    const { exitCode } = await this.lab.machine.run(['pkill', '-KILL', '-f', `/${component}/main\\.js$`], {
      check: false,
    });
    return exitCode === 0;
  }

  #mosquitto(program: 'pub' | 'rr', ...options: readonly string[]): readonly string[] {
    const { host, mqtt } = this.lab.cloud.endpoint;
    const { ca, certificate, key } = this.lab.cloud.operator;
    const to = ['-h', host, '-p', String(mqtt), '--cafile', ca, '--cert', certificate, '--key', key];
    return [`mosquitto_${program}`, ...to, '-V', 'mqttv5', '-q', '1', ...options];
  }
}

const NETWORK =
  'ip -o link; ip -o address; ip route; nft -s -t list ruleset; docker ps --no-trunc --format "{{.ID}} {{.Names}}"; docker network ls --no-trunc';
const topic = (shadow: ShadowName, operation: string) => `$aws/things/${THING}/shadow/name/${shadow}/${operation}`;
