import { encodeArp } from '../../lib/packet/arp.ts';
import { ETHER_ARP, ETHER_IPV4, ETHER_IPV6, encodeFrame } from '../../lib/packet/ethernet.ts';
import { encodeEchoRequest } from '../../lib/packet/icmp.ts';
import { encodeEchoRequest6, ICMPV6 } from '../../lib/packet/icmpv6.ts';
import { encodeIpv4, ICMP, TCP, UDP } from '../../lib/packet/ipv4.ts';
import { addressOfMac, encodeIpv6, ipv6Bytes } from '../../lib/packet/ipv6.ts';
import { BROADCAST, groupMac, groupMac6 } from '../../lib/packet/mac.ts';
import { encodeSyn, encodeUdp } from '../../lib/packet/transport.ts';
import type { FrameDescription, Ipv4Description, Ipv6Description } from '../../lib/truck/bypass.ts';

/** What a description leaves open. */
export interface Particulars {
  /** The sender's MAC address. */
  readonly mac: string;
  /** The receiver's, where it is neither everybody nor a group. */
  readonly receiver?: string;
  /** By which the frame is known again, wherever it turns up; in an ARP message it takes the place of the padding. */
  readonly nonce: Buffer;
  readonly sourcePort: number;
}

const NOBODY = '00:00:00:00:00:00';

/** The frame as bytes. @throws Error when nobody knows the receiver */
export function bypassFrame(frame: FrameDescription, particulars: Particulars): Buffer {
  const { packet, tags } = frame;
  const destination = receiverOf(frame, particulars);
  const whole = (etherType: number, payload: Buffer) =>
    encodeFrame({ destination, source: particulars.mac, tags, etherType, payload });
  if (packet.type === 'ipv4') return whole(ETHER_IPV4, ipv4(packet, particulars));
  if (packet.type === 'ipv6') return whole(ETHER_IPV6, ipv6(packet, destination, particulars));
  const message = encodeArp({
    operation: 'request',
    senderMac: particulars.mac,
    senderAddress: packet.sender,
    targetMac: NOBODY,
    targetAddress: packet.target,
  });
  return whole(ETHER_ARP, Buffer.concat([message, particulars.nonce]));
}

function receiverOf({ to, packet }: FrameDescription, { receiver }: Particulars): string {
  if (to === 'broadcast') return BROADCAST;
  if (to === 'group' && packet.type === 'ipv4') return groupMac(packet.destination);
  if (to === 'group' && packet.type === 'ipv6') return groupMac6(ipv6Bytes(packet.destination));
  if (receiver === undefined) {
    throw new Error(`nobody knows the MAC address of ${typeof to === 'string' ? `the ${to}` : to.node}`);
  }
  return receiver;
}

function ipv4({ source, destination, protocol, port }: Ipv4Description, { nonce, sourcePort }: Particulars): Buffer {
  const whole = (number: number, payload: Buffer) => encodeIpv4({ source, destination, protocol: number, payload });
  const [from, to] = [source, destination].map((address) => Buffer.from(address.split('.').map(Number)));
  const ends = { source: from ?? nonce, destination: to ?? nonce, sourcePort, destinationPort: port };
  if (protocol === 'icmp') return whole(ICMP, encodeEchoRequest({ id: sourcePort, sequence: 1, data: nonce }));
  return protocol === 'udp'
    ? whole(UDP, encodeUdp(ends, nonce))
    : whole(TCP, encodeSyn(ends, nonce.readUInt32BE(0), nonce));
}

/** discard (RFC 863) */
const NOWHERE = 9;

function ipv6({ destination, protocol }: Ipv6Description, receiver: string, particulars: Particulars): Buffer {
  const { mac, nonce, sourcePort } = particulars;
  const isGroup = destination.startsWith('ff');
  const to = isGroup ? ipv6Bytes(destination) : addressOfMac(destination, receiver);
  const source = addressOfMac(isGroup ? 'fe80::' : destination, mac);
  return protocol === 'icmp'
    ? encodeIpv6({
        ...{ source, destination: to, nextHeader: ICMPV6 },
        payload: encodeEchoRequest6(source, to, { id: sourcePort, sequence: 1, data: nonce }),
      })
    : encodeIpv6({
        ...{ source, destination: to, nextHeader: UDP },
        payload: encodeUdp({ source, destination: to, sourcePort, destinationPort: NOWHERE }, nonce),
      });
}
