import { call, SystemCallError } from './libc.ts';
import { close, receive, type Socket } from './sockets.ts';

/** What the kernel lists over netlink (rtnetlink(7)), without a process. Constants: linux/netlink.h, linux/rtnetlink.h. */
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const SOCK_NONBLOCK = 0x800;
const NLM_F_REQUEST = 0x01;
const NLM_F_DUMP = 0x300;
const NLM_F_DUMP_INTR = 0x10;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const HEADER = 16;

/** Requests for a list, each with the length of the fixed part of its answers. */
export const LISTS = {
  links: { request: 18, fixed: 16 },
  addresses: { request: 22, fixed: 8 },
  routes: { request: 26, fixed: 12 },
  rules: { request: 34, fixed: 12 },
} as const;

/** An entry of a list: its fixed part, and its attributes by their type. */
export interface Entry {
  readonly fixed: Buffer;
  readonly attributes: ReadonlyMap<number, Buffer>;
}

/** A list of the present network namespace. @throws SystemCallError where the kernel has no such list (EOPNOTSUPP) */
export function list(kind: keyof typeof LISTS, family: number): readonly Entry[] {
  const socket = call('socket', AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  try {
    for (let tries = 0; tries < 5; tries++) {
      const entries = listOnce(socket, kind, family);
      if (entries !== null) return entries;
    }
    throw new Error(`netlink: the ${kind} change faster than they can be listed`);
  } finally {
    close(socket);
  }
}

/** null: something changed meanwhile, so that entries may be missing. */
function listOnce(socket: Socket, kind: keyof typeof LISTS, family: number): readonly Entry[] | null {
  const { request, fixed } = LISTS[kind];
  const question = Buffer.alloc(HEADER + 4);
  question.writeUInt32LE(question.length, 0);
  question.writeUInt16LE(request, 4);
  question.writeUInt16LE(NLM_F_REQUEST | NLM_F_DUMP, 6);
  question.writeUInt8(family, HEADER);
  call('sendto', socket, question, question.length, 0, null, 0);
  const entries: Entry[] = [];
  let isWhole = true;
  for (;;) {
    const answer = receive(socket);
    if (answer === null) throw new Error(`netlink: the list of ${kind} has no end`);
    for (let at = 0; at + HEADER <= answer.length; ) {
      const length = answer.readUInt32LE(at);
      const type = answer.readUInt16LE(at + 4);
      if ((answer.readUInt16LE(at + 6) & NLM_F_DUMP_INTR) !== 0) isWhole = false;
      if (type === NLMSG_DONE) return isWhole ? entries : null;
      if (type === NLMSG_ERROR) throw new SystemCallError(`netlink ${kind}`, -answer.readInt32LE(at + HEADER));
      // The buffer is overwritten by the next answer.
      entries.push(entryOf(Buffer.from(answer.subarray(at + HEADER, at + length)), fixed));
      at += aligned(length);
    }
  }
}

function entryOf(message: Buffer, fixed: number): Entry {
  return { fixed: message.subarray(0, fixed), attributes: attributesOf(message.subarray(fixed)) };
}

/** struct rtattr, one after the other. */
export function attributesOf(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4) break;
    found.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += aligned(length);
  }
  return found;
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}
