import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { run } from '../../../components/host/run.ts';
import { type Machine, MachineError } from './machine.ts';
import { killMarked, newMark } from './mark.ts';
import { commandLine, quote } from './quote.ts';
import { checked, runLocally } from './run-locally.ts';
import type { Sockets, VmDirectory } from './vm-directory.ts';

/** The name of the VM in its ssh_config: `ssh -F …/vm/ssh_config vm` is a shell in it. */
const HOST = 'vm';

export interface Keys {
  readonly hostKey: string;
  readonly authorizedKey: string;
}

/** Makes the lab's two key pairs, one for each side: nobody else can be taken for the VM, and nobody else gets in. */
export async function makeKeys(directory: VmDirectory): Promise<Keys> {
  for (const file of [directory.hostKey, directory.clientKey]) {
    await mkdir(dirname(file), { recursive: true });
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'firebreak', '-f', file]);
  }
  const hostPublic = await readFile(`${directory.hostKey}.pub`, 'utf8');
  await writeFile(directory.knownHosts, `${HOST} ${hostPublic}`);
  const keys = {
    hostKey: await readFile(directory.hostKey, 'utf8'),
    authorizedKey: await readFile(`${directory.clientKey}.pub`, 'utf8'),
  };
  await rm(directory.hostKey);
  return keys;
}

/** @param netcat how to start OpenBSD's netcat, which connects ssh to the socket */
export async function writeSshConfiguration(
  directory: VmDirectory,
  sockets: Sockets,
  netcat: readonly string[],
): Promise<void> {
  const proxy = [...netcat, '-U', sockets.ssh].map(quote).join(' ');
  const lines = [
    `Host ${HOST}`,
    'User root',
    `HostKeyAlias ${HOST}`,
    `IdentityFile ${path(directory.clientKey)}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    `UserKnownHostsFile ${path(directory.knownHosts)}`,
    'GlobalKnownHostsFile /dev/null',
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    'PreferredAuthentications publickey',
    'BatchMode yes',
    `ControlPath ${path(sockets.control)}`,
    'ControlMaster no',
    `ProxyCommand ${proxy.replaceAll('%', '%%')}`,
    // The fastest pair under emulation.
    'KexAlgorithms curve25519-sha256',
    'Ciphers aes128-gcm@openssh.com',
    'ServerAliveInterval 15',
    'ServerAliveCountMax 20',
    'LogLevel ERROR',
  ];
  await writeFile(directory.sshConfiguration, `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** The command that keeps the one connection; the others are sessions in it. It waits for the VM's sshd as long as need be. */
export function sshMaster(directory: VmDirectory): readonly string[] {
  return ['ssh', '-F', directory.sshConfiguration, '-M', '-N', HOST];
}

/** The machine behind that connection. */
export function sshMachine(directory: VmDirectory, gone: () => Promise<string | undefined>): Machine {
  const ssh = ['ssh', '-F', directory.sshConfiguration];
  const session = (argv: readonly string[], environment: Readonly<Record<string, string>>) => [
    ...ssh,
    '-T',
    HOST,
    commandLine(argv, environment),
  ];
  return {
    kind: 'vm',
    async run(argv, options = {}) {
      const mark = newMark();
      const { environment, ...others } = options;
      const result = await runLocally(session(argv, { ...environment, ...mark }), {
        ...others,
        shownAs: argv,
        stop: () => runLocally(session(killMarked(mark), {}), { timeoutMs: 20_000 }),
      });
      // ssh's own failures have this code, too.
      const reason = result.exitCode === 255 ? await gone() : undefined;
      if (reason !== undefined) throw new MachineError({ ...result, argv, how: reason, exitCode: undefined });
      return checked(argv, result, options);
    },
    interactive: (argv, { tty }) => [...ssh, tty ? '-tt' : '-T', HOST, commandLine(argv)],
  };
}

function path(text: string): string {
  if (text.includes('"')) throw new Error(`ssh can't have a quotation mark in a path: ${text}`);
  return `"${text.replaceAll('%', '%%')}"`;
}
