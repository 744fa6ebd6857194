import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { Lab } from '../../lab/lab.ts';
import { EXIT, ExitError } from '../exit.ts';

/** How to get to a lab's cloud from outside: its address and the operator's files, and a way there. */
export interface LabDoor {
  readonly host: string;
  readonly port: number;
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly open: () => Duplex;
}

/** Bytes between standard input and output and a TCP connection, for where there may be no more than Node. */
const RELAY =
  "const s=require('net').connect(+process.argv[1],process.argv[2]);process.stdin.pipe(s);s.pipe(process.stdout)";

/** The cloud is in the lab's internet, maybe in a VM: a process in there passes the bytes on. @throws ExitError */
export async function labDoor(name: string): Promise<LabDoor> {
  const lab = await Lab.open(name);
  if (!(await lab.cloud.isUp()))
    throw new ExitError(EXIT.failed, `the cloud of lab ${name} is not up: sudo firebreak lab cloud up --name ${name}`);
  const { endpoint, operator } = lab.cloud;
  const read = async (path: string) => Buffer.from((await lab.machine.run(['cat', path])).stdout);
  const { host, mqtt: port } = endpoint;
  const relay = lab.interactive('internet', [process.execPath, '-e', RELAY, String(port), host], false);
  return {
    host,
    port,
    ca: await read(operator.ca),
    cert: await read(operator.certificate),
    key: await read(operator.key),
    open: () => streamOf(relay),
  };
}

/** What a command reads and writes, as one stream; the command ends with it. */
export function streamOf([file = '', ...args]: readonly string[]): Duplex {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.on('error', (error) => stream.destroy(error));
  stream.on('close', () => child.kill());
  return stream;
}
