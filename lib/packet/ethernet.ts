import { macBytes, macText } from './mac.ts';

/** Ether types (IANA). */
export const ETHER_IPV4 = 0x0800;
export const ETHER_ARP = 0x0806;
export const ETHER_IPV6 = 0x86dd;
/** IEEE 802.1Q: four bytes of tag before the ether type. */
const ETHER_TAG = 0x8100;

/** The least that a network card sends, without the checksum (IEEE 802.3). */
const SHORTEST = 60;

/** An Ethernet II frame, with no, one or several 802.1Q tags. */
export interface Frame {
  readonly destination: string;
  readonly source: string;
  /** VLAN IDs, the outermost first; 0 is a priority tag. */
  readonly tags: readonly number[];
  readonly etherType: number;
  readonly payload: Buffer;
}

export function encodeFrame({ destination, source, tags, etherType, payload }: Frame): Buffer {
  const words = [...tags.flatMap((vlan) => [ETHER_TAG, vlan]), etherType];
  const types = Buffer.alloc(2 * words.length);
  words.forEach((word, index) => {
    types.writeUInt16BE(word, 2 * index);
  });
  const frame = Buffer.concat([macBytes(destination), macBytes(source), types, payload]);
  return Buffer.concat([frame, Buffer.alloc(Math.max(0, SHORTEST - frame.length))]);
}

/** @returns null when it is cut short. The payload holds the padding of short frames, and shares the memory of what was given. */
export function decodeFrame(bytes: Buffer): Frame | null {
  const tags: number[] = [];
  for (let offset = 12; offset + 2 <= bytes.length; offset += 4) {
    const etherType = bytes.readUInt16BE(offset);
    if (etherType !== ETHER_TAG) {
      const [destination, source] = [macText(bytes.subarray(0, 6)), macText(bytes.subarray(6, 12))];
      return { destination, source, tags, etherType, payload: bytes.subarray(offset + 2) };
    }
    if (offset + 4 > bytes.length) return null;
    tags.push(bytes.readUInt16BE(offset + 2) & 0x0fff);
  }
  return null;
}
