import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError, run } from '../../components/host/run.ts';
import { undoLater } from '../undo.ts';

/** firewalld takes seconds to start. */
const STARTED_WITHIN_MS = 60_000;

/** firewalld in a network namespace, with a message bus of its own: it doesn't meet the machine's. */
export class Firewalld {
  readonly #directory: string;
  readonly #netns: string;
  readonly #children: ChildProcess[] = [];
  #isStopped = false;

  private constructor(directory: string, netns: string) {
    this.#directory = directory;
    this.#netns = netns;
  }

  /** @param directory of its own */
  static async start(directory: string, netns: string, files: Readonly<Record<string, string>>): Promise<Firewalld> {
    const daemon = new Firewalld(directory, netns);
    undoLater(() => daemon.stop());
    await daemon.configure(files);
    await writeFile(join(directory, 'bus.conf'), busConfiguration(daemon.#bus));
    daemon.#spawn(['dbus-daemon', '--nofork', '--nopidfile', `--config-file=${join(directory, 'bus.conf')}`]);
    daemon.#spawn([
      ...['nsenter', `--net=${netns}`, 'firewalld', '--nofork', '--nopid', '--system-config', directory],
      ...['--log-target', 'file', '--log-file', join(directory, 'log')],
    ]);
    const begun = performance.now();
    for (;;) {
      try {
        await daemon.#command('--state');
        return daemon;
      } catch (error) {
        if (!(error instanceof CommandError) || performance.now() - begun > STARTED_WITHIN_MS) throw error;
        await pause(200);
      }
    }
  }

  /** Writes its permanent configuration; that is in force after `reload`. */
  async configure(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.#directory, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
  }

  async reload(): Promise<void> {
    await this.#command('--reload');
  }

  /** A second time there is nothing to be stopped, and perhaps no network namespace. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const child of this.#children.splice(0).reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await run(['sh', '-c', 'nft delete table inet firewalld 2>/dev/null || true'], { netns: this.#netns });
    await rm(this.#directory, { recursive: true, force: true });
  }

  get #bus(): string {
    return `unix:path=${join(this.#directory, 'bus')}`;
  }

  #spawn([file = '', ...args]: readonly string[]): void {
    const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: this.#bus };
    this.#children.push(spawn(file, args, { stdio: 'ignore', env }));
  }

  async #command(option: string): Promise<void> {
    const argv = ['env', `DBUS_SYSTEM_BUS_ADDRESS=${this.#bus}`, 'firewall-cmd', option];
    await run(argv, { timeoutMs: 300_000, netns: this.#netns });
  }
}

/** Everybody on it may do everything; only root can reach it. (dbus-daemon(1), "CONFIGURATION FILE") */
function busConfiguration(address: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>${address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="root"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_destination="*" eavesdrop="false"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
`;
}
