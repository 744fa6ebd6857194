import { toNumber } from '../policy/ipv4.ts';
import type { AddressService, Reservation } from './address-service.ts';

/** An address that a DHCP server has given away. */
export interface Lease {
  /** Seconds since 1970; null: it never ends. */
  readonly expires: number | null;
  readonly mac: string;
  readonly address: string;
}

/** What a lease file says. */
export interface ReadLeases {
  readonly leases: readonly Lease[];
  /** Lines that are no lease: of a file that was cut short, the last one. */
  readonly unreadable: readonly string[];
}

const LINE = /^(\d+) ((?:[0-9a-f]{2}:){5}[0-9a-f]{2}) (\d+\.\d+\.\d+\.\d+) \S+ \S+$/i;

/** Reads dnsmasq's lease file (dnsmasq(8), --dhcp-leasefile): expiry, MAC address, address, name and client identifier, a line for each lease. */
export function parseLeases(text: string): ReadLeases {
  const lines = text.split('\n').filter((line) => line !== '');
  const read = lines.map((line) => ({ line, lease: leaseIn(line) }));
  return {
    leases: read.flatMap(({ lease }) => (lease === undefined ? [] : [lease])),
    unreadable: read.filter(({ lease }) => lease === undefined).map(({ line }) => line),
  };
}

function leaseIn(line: string): Lease | undefined {
  const [, expires = '', mac = '', address = ''] = LINE.exec(line) ?? [];
  if (address === '') return undefined;
  return { expires: expires === '0' ? null : Number(expires), mac: mac.toLowerCase(), address };
}

/** An address of a segment, and whose it is. */
export interface Holding {
  readonly segment: string;
  readonly address: string;
  readonly mac: string;
  /** null: a stranger's, whom the policy doesn't know. */
  readonly name: string | null;
  readonly kind: Reservation['kind'] | 'stranger';
  /** Of a lease; absent: it is kept for him, and he hasn't asked for it. */
  readonly lease?: { readonly expires: string | null };
}

/**
 * All that a segment's server keeps for somebody or has given to somebody, by address. A lease of somebody's reserved address that isn't his
 * shows beside his reservation: that is what to look at.
 */
export function holdings({ segment, reservations }: AddressService, leases: readonly Lease[]): readonly Holding[] {
  const isHis = (reservation: Reservation) => (lease: Lease) =>
    lease.mac === reservation.mac && lease.address === reservation.address;
  const reserved = reservations.map((reservation): Holding => {
    const { address, mac, name, kind } = reservation;
    const lease = leases.find(isHis(reservation));
    return { segment, address, mac, name, kind, ...(lease === undefined ? {} : { lease: expiryOf(lease) }) };
  });
  const others = leases
    .filter((lease) => !reservations.some((reservation) => isHis(reservation)(lease)))
    .map((lease): Holding => {
      const owner = reservations.find(({ mac }) => mac === lease.mac);
      const { address, mac } = lease;
      return {
        segment,
        address,
        mac,
        name: owner?.name ?? null,
        kind: owner?.kind ?? 'stranger',
        lease: expiryOf(lease),
      };
    });
  return [...reserved, ...others].sort((a, b) => toNumber(a.address) - toNumber(b.address));
}

function expiryOf({ expires }: Lease): { readonly expires: string | null } {
  return { expires: expires === null ? null : new Date(expires * 1000).toISOString() };
}
