import { call, SystemCallError } from './libc.ts';
import { htons, int32, orClosed, roomy, type Socket } from './sockets.ts';

/** Packet sockets for whole Ethernet frames (packet(7)). Constants: linux/if_packet.h, linux/if_ether.h, netinet/in.h. */
const AF_INET6 = 10;
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const ETH_P_ALL = 0x0003;
const SOL_PACKET = 263;
const PACKET_IGNORE_OUTGOING = 23;
const IPPROTO_UDP = 17;
const IPPROTO_ICMPV6 = 58;

export interface FrameListening {
  /** Index of the only interface to listen on; all, unless given. */
  readonly index?: number;
  /** Also what goes out. */
  readonly outgoing: boolean;
}

/** Hears whole frames in the present namespace, before any packet filter; the kernel takes their outermost tag off. Linux 4.20. */
export function openFrameListener({ index = 0, outgoing }: FrameListening): Socket {
  // With protocol 0 it hears nothing until it is bound.
  const socket = roomy(call('socket', AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  orClosed(socket, () => {
    if (!outgoing) call('setsockopt', socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, int32(1), 4);
    const all = linkAddress(index, ETH_P_ALL);
    call('bind', socket, all, all.length);
  });
  return socket;
}

/** Sends frames and hears none. */
export function openFrameSender(): Socket {
  return call('socket', AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/** @param index of the interface by which it goes out @throws SystemCallError ENETDOWN when that is down, ENXIO when it is gone */
export function sendFrame(socket: Socket, index: number, frame: Buffer): void {
  const target = linkAddress(index, frame.readUInt16BE(12));
  call('sendto', socket, frame, frame.length, 0, target, target.length);
}

/** The index of an interface of the present namespace, or null if there is none of this name. */
export function indexOfInterface(name: string): number | null {
  return call('if_nametoindex', Buffer.from(`${name}\0`)) || null;
}

/** As `openLocalListeners`, for IPv6, from the header after IPv6's on; none where the kernel has no IPv6. */
export function openLocalListeners6(): readonly Socket[] {
  try {
    return [IPPROTO_ICMPV6, IPPROTO_UDP].map((protocol) =>
      roomy(call('socket', AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol)),
    );
  } catch (error) {
    if (error instanceof SystemCallError && error.code === 'EAFNOSUPPORT') return [];
    throw error;
  }
}

/** struct sockaddr_ll */
function linkAddress(index: number, protocol: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16LE(AF_PACKET, 0);
  bytes.writeUInt16LE(htons(protocol), 2);
  bytes.writeInt32LE(index, 4);
  return bytes;
}
