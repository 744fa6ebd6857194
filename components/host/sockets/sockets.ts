import { call, SystemCallError } from './libc.ts';

/** Sockets as file descriptors, all non-blocking. Constants: asm-generic/socket.h, linux/if_packet.h, linux/if_ether.h, netinet/in.h. */
const AF_INET = 2;
const AF_PACKET = 17;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const IPPROTO_ICMP = 1;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const ETH_P_IP = 0x0800;
const SOL_SOCKET = 1;
const SO_LINGER = 13;
const SO_RCVBUFFORCE = 33;
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;

export type Socket = number;

/**
 * Hears every IPv4 packet that comes in on any interface of the present namespace, from its IP header on; not what goes out
 * (packet(7): a socket bound to one protocol sees incoming packets).
 */
export function openListener(): Socket {
  return roomy(call('socket', AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_IP)));
}

/**
 * Hears what is delivered to the present namespace itself, after its packet filter (raw(7)): at a router, what it lets in and not what
 * merely reaches its interfaces.
 */
export function openLocalListeners(): readonly Socket[] {
  return [IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP].map((protocol) =>
    roomy(call('socket', AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol)),
  );
}

/** Frames that a listener lost since it was asked last: then its silence proves nothing. */
export function lostFrames(listener: Socket): number {
  const statistics = Buffer.alloc(8);
  call('getsockopt', listener, SOL_PACKET, PACKET_STATISTICS, statistics, int32(statistics.length));
  return statistics.readUInt32LE(4);
}

/** Sends ICMP messages as ping does: the kernel chooses route and source. */
export function openIcmp(): Socket {
  return call('socket', AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
}

/** Sends ICMP messages as `openIcmp` does, and hears none. ICMP_FILTER (raw(7)): one bit for each type that is left out. */
export function openIcmpSender(): Socket {
  const socket = openIcmp();
  orClosed(socket, () => call('setsockopt', socket, SOL_RAW, ICMP_FILTER, int32(-1), 4));
  return socket;
}

export function openUdp(port: number): Socket {
  return bound(call('socket', AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), port);
}

/** Ends with a reset instead of a farewell: whoever listens is bothered no longer than needed. */
export function openTcp(port: number): Socket {
  const lingerNot = Buffer.alloc(8);
  lingerNot.writeInt32LE(1, 0);
  const socket = call('socket', AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  orClosed(socket, () => call('setsockopt', socket, SOL_SOCKET, SO_LINGER, lingerNot, lingerNot.length));
  return bound(socket, port);
}

/** @throws SystemCallError ENETUNREACH without a route, EPERM where the sender's own rules forbid it */
export function send(socket: Socket, data: Buffer, address: string, port = 0): void {
  const target = socketAddress(address, port);
  call('sendto', socket, data, data.length, 0, target, target.length);
}

/** Begins a connection. @throws SystemCallError as `send` */
export function beginConnection(socket: Socket, address: string, port: number): void {
  const target = socketAddress(address, port);
  try {
    call('connect', socket, target, target.length);
  } catch (error) {
    if (!(error instanceof SystemCallError && error.code === 'EINPROGRESS')) throw error;
  }
}

/** The next packet, or null when there is none. It lies in a buffer that the next call overwrites. */
export function receive(socket: Socket): Buffer | null {
  try {
    return RECEIVED.subarray(0, call('recv', socket, RECEIVED, RECEIVED.length, 0));
  } catch (error) {
    if (error instanceof SystemCallError && (error.code === 'EAGAIN' || error.code === 'EWOULDBLOCK')) return null;
    throw error;
  }
}

const RECEIVED = Buffer.alloc(65_536);

/** Waits until one of the sockets has something to read; which ones. @param timeoutMs at most so long */
export function readable(sockets: readonly Socket[], timeoutMs: number): readonly Socket[] {
  const POLLIN = 1;
  const fds = Buffer.alloc(8 * sockets.length);
  sockets.forEach((socket, index) => {
    fds.writeInt32LE(socket, 8 * index);
    fds.writeInt16LE(POLLIN, 8 * index + 4);
  });
  try {
    call('poll', fds, sockets.length, Math.max(0, Math.ceil(timeoutMs)));
  } catch (error) {
    // A signal came first (a child ended, a terminal changed its size): the next look will show what there is.
    if (error instanceof SystemCallError && error.code === 'EINTR') return [];
    throw error;
  }
  return sockets.filter((_socket, index) => fds.readInt16LE(8 * index + 6) !== 0);
}

export function close(socket: Socket): void {
  call('close', socket);
}

function bound(socket: Socket, port: number): Socket {
  const any = socketAddress('0.0.0.0', port);
  orClosed(socket, () => call('bind', socket, any, any.length));
  return socket;
}

/** With a receive buffer for a burst, beyond net.core.rmem_max. */
export function roomy(socket: Socket): Socket {
  orClosed(socket, () => call('setsockopt', socket, SOL_SOCKET, SO_RCVBUFFORCE, int32(8 * 1024 * 1024), 4));
  return socket;
}

/** A socket that can't be made what it shall be is not left open. */
export function orClosed(socket: Socket, action: () => void): void {
  try {
    action();
  } catch (error) {
    close(socket);
    throw error;
  }
}

/** struct sockaddr_in: family in the host's order, port and address in the network's. */
function socketAddress(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split('.').map(Number), 4);
  return bytes;
}

/** An int as the kernel takes it. */
export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** A 16-bit number in the order of the network. */
export function htons(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}
