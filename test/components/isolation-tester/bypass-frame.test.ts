import { bypassFrame, type Particulars } from '../../../components/isolation-tester/bypass-frame.ts';
import { decodeArp } from '../../../lib/packet/arp.ts';
import { checksum } from '../../../lib/packet/checksum.ts';
import { decodeFrame, ETHER_ARP, ETHER_IPV4, ETHER_IPV6 } from '../../../lib/packet/ethernet.ts';
import { decodeEcho6, ICMPV6 } from '../../../lib/packet/icmpv6.ts';
import { decodeIpv4, UDP } from '../../../lib/packet/ipv4.ts';
import { addressOfMac, decodeIpv6, ipv6Bytes } from '../../../lib/packet/ipv6.ts';
import { checksumWithAddresses } from '../../../lib/packet/pseudo-header.ts';
import type { FrameDescription } from '../../../lib/truck/bypass.ts';
import { bypasses } from '../../../lib/truck/bypasses.ts';
import { example } from '../../lib/truck/support.ts';

const NONCE = Buffer.from('0123456789abcdef');
const SENDER: Particulars = {
  mac: '02:00:00:00:01:05',
  receiver: '02:00:00:00:02:05',
  nonce: NONCE,
  sourcePort: 20_001,
};
const UDP_ACROSS = {
  type: 'ipv4',
  source: '10.0.1.5',
  destination: '10.0.2.5',
  protocol: 'udp',
  port: 9,
} as const;

const decoded = (frame: FrameDescription, particulars = SENDER) => {
  const result = decodeFrame(bypassFrame(frame, particulars));
  if (result === null) throw new Error('no frame');
  return result;
};

test.each([[[]], [[2]], [[0]], [[1, 2]]])('a frame with tags %j carries them, and its packet inside', (tags) => {
  const frame = decoded({ to: { node: 'device2' }, tags, packet: UDP_ACROSS });
  expect(frame).toMatchObject({ tags, destination: SENDER.receiver, source: SENDER.mac, etherType: ETHER_IPV4 });
  expect(decodeIpv4(frame.payload)).toMatchObject({ source: '10.0.1.5', destination: '10.0.2.5', protocol: UDP });
  expect(checksum(frame.payload.subarray(0, 20))).toBe(0);
});

test('a group is reached by its own MAC address, everybody by everybody’s', () => {
  const to = (where: FrameDescription['to'], destination: string) =>
    decoded({ to: where, tags: [], packet: { ...UDP_ACROSS, destination } }).destination;
  expect(to('group', '239.255.255.250')).toBe('01:00:5e:7f:ff:fa');
  expect(to('broadcast', '10.0.2.255')).toBe('ff:ff:ff:ff:ff:ff');
  const packet = { type: 'ipv6', destination: 'ff02::1', protocol: 'icmp' } as const;
  expect(decoded({ to: 'group', tags: [], packet }).destination).toBe('33:33:00:00:00:01');
});

test('an IPv6 address is completed from the MAC addresses, and the checksum covers it', () => {
  const packet = { type: 'ipv6', destination: 'fe80::', protocol: 'icmp' } as const;
  const frame = decoded({ to: 'bridge', tags: [], packet });
  expect(frame.etherType).toBe(ETHER_IPV6);
  const inner = decodeIpv6(frame.payload);
  expect(inner?.source).toEqual(addressOfMac('fe80::', SENDER.mac));
  expect(inner?.destination).toEqual(ipv6Bytes('fe80::ff:fe00:205'));
  if (inner === null) throw new Error('no packet');
  expect(checksumWithAddresses(inner.source, inner.destination, ICMPV6, inner.payload)).toBe(0);
  expect(decodeEcho6(inner.payload)?.data).toEqual(NONCE);
});

test('an ARP request carries the nonce in its padding', () => {
  const packet = { type: 'arp', sender: '10.0.1.5', target: '10.0.2.5' } as const;
  const frame = decoded({ to: 'broadcast', tags: [], packet });
  expect(frame.etherType).toBe(ETHER_ARP);
  expect(decodeArp(frame.payload)).toEqual({
    ...{ operation: 'request', senderMac: SENDER.mac, senderAddress: '10.0.1.5' },
    ...{ targetMac: '00:00:00:00:00:00', targetAddress: '10.0.2.5' },
  });
  expect(frame.payload.subarray(28, 44)).toEqual(NONCE);
});

test('every attempt there is carries its nonce, and is as long as a frame must be', () => {
  const attempts = bypasses(example('station.yaml'), {
    hostAddresses: ['172.17.0.1'],
    uplinks: [{ name: 'station', router: '192.168.50.20', gateway: '192.168.50.1', outside: '192.168.50.1' }],
    standIns: {},
  });
  for (const { frame } of attempts) {
    const bytes = bypassFrame(frame, SENDER);
    expect(bytes.includes(NONCE)).toBe(true);
    expect(bytes.length).toBeGreaterThanOrEqual(60);
  }
});

test('what nobody knows the receiver of can’t be made', () => {
  const { receiver: _nobody, ...alone } = SENDER;
  expect(() => bypassFrame({ to: 'router', tags: [], packet: UDP_ACROSS }, alone)).toThrow('MAC address of the router');
  expect(() => bypassFrame({ to: { node: 'x' }, tags: [], packet: UDP_ACROSS }, alone)).toThrow('MAC address of x');
});
