import type { AddressService } from '../../../lib/truck/address-service.ts';
import { holdings, parseLeases } from '../../../lib/truck/leases.ts';

const [TABLET, STRANGER] = ['02:00:00:00:0a:05', '02:00:00:00:0a:77'];
const line = (address: string, mac = STRANGER, expires = 1_800_000_000) => `${expires} ${mac} ${address} * 01:${mac}`;

describe('a lease file', () => {
  test.each([
    ['without a lease', '', [], []],
    ['with one', `${line('10.20.10.101')}\n`, ['10.20.10.101'], []],
    ['with a name and without a client identifier', `0 ${TABLET} 10.20.10.5 tablet *\n`, ['10.20.10.5'], []],
    ['with two', `${line('10.20.10.101')}\n${line('10.20.10.102')}\n`, ['10.20.10.101', '10.20.10.102'], []],
    ['that was cut short', `${line('10.20.10.101')}\n18000 02:00:0`, ['10.20.10.101'], ['18000 02:00:0']],
    ['of something else', 'hello\n', [], ['hello']],
  ])('%s', (_words, text, addresses, unreadable) => {
    const read = parseLeases(text);
    expect(read.leases.map(({ address }) => address)).toEqual(addresses);
    expect(read.unreadable).toEqual(unreadable);
  });

  test('says when a lease ends, and that one never does', () => {
    const { leases } = parseLeases(`${line('10.20.10.101', STRANGER, 0)}\n${line('10.20.10.102')}\n`);
    expect(leases.map(({ expires }) => expires)).toEqual([null, 1_800_000_000]);
  });

  test('has MAC addresses in small letters', () => {
    expect(parseLeases(line('10.20.10.101', STRANGER.toUpperCase())).leases[0]?.mac).toBe(STRANGER);
  });
});

describe('who has which address', () => {
  const service: AddressService = {
    ...{ segment: 'cab', group: 10, domain: 'cab.internal', router: '10.20.10.1', subnet: '10.20.10.0/24' },
    ...{ leaseSeconds: 3600, free: [], names: [], servers: [], ntp: [] },
    reservations: [{ kind: 'device', name: 'tablet', mac: TABLET, address: '10.20.10.105' }],
  };
  const rows = (...lines: readonly string[]) =>
    holdings(service, parseLeases(lines.join('\n')).leases).map(
      ({ address, kind, name, lease }) =>
        `${address} ${kind} ${name} ${lease === undefined ? 'reserved' : lease.expires}`,
    );

  test('is known of whom the policy names before he asks', () => {
    expect(rows()).toEqual(['10.20.10.105 device tablet reserved']);
  });
  test('is his lease when he has asked', () => {
    expect(rows(line('10.20.10.105', TABLET))).toEqual(['10.20.10.105 device tablet 2027-01-15T08:00:00.000Z']);
  });
  test('is ordered by address, strangers among the others', () => {
    expect(rows(line('10.20.10.106'), line('10.20.10.20'))).toEqual([
      '10.20.10.20 stranger null 2027-01-15T08:00:00.000Z',
      '10.20.10.105 device tablet reserved',
      '10.20.10.106 stranger null 2027-01-15T08:00:00.000Z',
    ]);
  });
  test('shows a reserved address that somebody else has, and an old address of whom the policy names', () => {
    expect(rows(line('10.20.10.105'), line('10.20.10.33', TABLET, 0))).toEqual([
      '10.20.10.33 device tablet null',
      '10.20.10.105 device tablet reserved',
      '10.20.10.105 stranger null 2027-01-15T08:00:00.000Z',
    ]);
  });
});
