/** The head of a TCP segment (RFC 9293) or a UDP datagram (RFC 768): ports, and for TCP the flags. */
export interface PortHead {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface TcpHead extends PortHead {
  readonly syn: boolean;
  readonly ack: boolean;
  readonly rst: boolean;
}

/** @returns null when it is too short, as what an ICMP error quotes may be */
export function decodePorts(bytes: Buffer): PortHead | null {
  if (bytes.length < 4) return null;
  return { sourcePort: bytes.readUInt16BE(0), destinationPort: bytes.readUInt16BE(2) };
}

export function decodeTcp(bytes: Buffer): TcpHead | null {
  const ports = decodePorts(bytes);
  if (ports === null || bytes.length < 20) return null;
  const flags = bytes.readUInt8(13);
  return { ...ports, rst: (flags & 0x04) !== 0, syn: (flags & 0x02) !== 0, ack: (flags & 0x10) !== 0 };
}

/** What a UDP datagram carries. */
export function udpData(bytes: Buffer): Buffer {
  return bytes.subarray(8);
}
