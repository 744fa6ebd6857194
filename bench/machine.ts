import { readFile } from 'node:fs/promises';
import { arch, cpus, loadavg, release, totalmem } from 'node:os';
import { run } from '../components/host/run.ts';

/** On what was measured: figures of different machines are not compared, ratios may be. */
export interface Machine {
  readonly date: string;
  readonly system: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryMiB: number;
  /** Processes that wanted to run during the minute before. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
  /** Where the article's truck was, for the sections that need one. */
  readonly truck?: string;
}

const VERSIONS: readonly (readonly [string, readonly string[]])[] = [
  ['nft', ['nft', '--version']],
  ['iptables', ['iptables', '--version']],
  ['iproute2', ['ip', '-V']],
  ['fping', ['fping', '--version']],
  ['iperf3', ['iperf3', '--version']],
  ['ping', ['ping', '-V']],
  ['dockerd', ['dockerd', '--version']],
  ['docker-compose', ['docker-compose', '--version']],
  ['firewalld', ['dpkg-query', '--show', 'firewalld']],
  ['CNI plugins', ['dpkg-query', '--show', 'containernetworking-plugins']],
];

export async function describeMachine(): Promise<Machine> {
  const processors = cpus();
  const versions = await Promise.all(
    VERSIONS.map(async ([name, argv]) => [name, (await run(argv)).split('\n')[0] ?? ''] as const),
  );
  return {
    date: new Date().toISOString(),
    system: /^PRETTY_NAME="(.*)"$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    kernel: release(),
    architecture: arch(),
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    versions: { node: process.version, ...Object.fromEntries(versions) },
  };
}
