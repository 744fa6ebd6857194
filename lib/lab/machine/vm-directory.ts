import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { readIfExists, writeDurably } from '../../../components/host/files.ts';
import { processIdentity } from './process-identity.ts';

const stateSchema = z.strictObject({
  version: z.literal(1),
  accelerator: z.enum(['tcg', 'kvm']),
  /** Directory of the sockets; the VM's own, or a shorter one beside it. */
  sockets: z.string(),
  /** In the order of their start. */
  processes: z.strictObject({
    files: processIdentity.optional(),
    qemu: processIdentity.optional(),
    ssh: processIdentity.optional(),
  }),
});
/** What has to be ended and removed when the VM goes: written down as soon as it exists. */
export type VmState = z.infer<typeof stateSchema>;

/** Names of all files of one VM. */
export interface VmDirectory {
  readonly path: string;
  readonly state: string;
  readonly console: string;
  readonly log: string;
  readonly initramfs: string;
  /** Mount point of virtiofsd, in its namespace only. */
  readonly root: string;
  readonly sshConfiguration: string;
  readonly clientKey: string;
  readonly hostKey: string;
  readonly knownHosts: string;
}

/** The place of the VM in a lab's directory. */
export function vmDirectory(labDirectory: string): VmDirectory {
  const path = join(labDirectory, 'vm');
  return {
    path,
    state: join(path, 'state.json'),
    console: join(path, 'console.log'),
    log: join(path, 'vm.log'),
    initramfs: join(path, 'initramfs'),
    root: join(path, 'root'),
    sshConfiguration: join(path, 'ssh_config'),
    clientKey: join(path, 'client_key'),
    hostKey: join(path, 'host_key'),
    knownHosts: join(path, 'known_hosts'),
  };
}

export interface Sockets {
  readonly files: string;
  readonly ssh: string;
  readonly control: string;
}

export function socketsIn(directory: string): Sockets {
  return { files: join(directory, 'files'), ssh: join(directory, 'ssh'), control: join(directory, 'control') };
}

/** Makes the directory, for root only, and finds room for the sockets. */
export async function makeVmDirectory(directory: VmDirectory): Promise<string> {
  await mkdir(directory.path, { recursive: true, mode: 0o700 });
  await mkdir(directory.root);
  // The path of a unix socket has at most 107 bytes (unix(7)), and ssh adds 17 to its own while it makes it.
  const longest = Buffer.byteLength(socketsIn(directory.path).control) + 17;
  return longest < 107 ? directory.path : await mkdtemp(join(tmpdir(), 'firebreak-'));
}

export async function writeState(directory: VmDirectory, state: VmState): Promise<void> {
  await writeDurably(directory.state, `${JSON.stringify(state, null, 2)}\n`);
}

/** undefined: there is no VM here. @throws Error when the file was not written by this version. */
export async function readState(directory: VmDirectory): Promise<VmState | undefined> {
  const text = await readIfExists(directory.state);
  if (text === null) return undefined;
  const parsed = stateSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new Error(`${directory.state} is not of this version of Firebreak: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

export async function removeVmDirectory(directory: VmDirectory, sockets: string | undefined): Promise<void> {
  if (sockets !== undefined && sockets !== directory.path) await rm(sockets, { recursive: true, force: true });
  await rm(directory.path, { recursive: true, force: true });
}

/** The last lines of the console, for errors; without them when there are none. */
export async function lastWords(directory: VmDirectory): Promise<string> {
  const logs = await Promise.all(
    [directory.log, directory.console].map(async (path) =>
      ((await readIfExists(path)) ?? '').trim().split(/\r?\n/).slice(-20),
    ),
  );
  const text = logs
    .flat()
    .filter((line) => line !== '')
    .join('\n');
  return text === '' ? '' : `\n${text}`;
}
