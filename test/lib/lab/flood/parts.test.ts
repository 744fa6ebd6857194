import fc from 'fast-check';
import { Distinct } from '../../../../lib/lab/flood/distinct.ts';
import { FrameTemplates } from '../../../../lib/lab/flood/frames.ts';
import { heardMark } from '../../../../lib/lab/flood/mark.ts';
import { checksum } from '../../../../lib/packet/checksum.ts';
import { decodeFrame } from '../../../../lib/packet/ethernet.ts';
import { decodeIpv4 } from '../../../../lib/packet/ipv4.ts';

test('distinct numbers are counted once, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000)), (numbers) => {
      const distinct = new Distinct();
      for (const number of numbers) distinct.add(number);
      expect(distinct.count).toBe(new Set(numbers).size);
    }),
  );
});

test('the mark of a frame is read again from its packet, and an echo request has a right checksum', () => {
  const mark = fc.record({ stream: fc.nat(0xffff), phase: fc.nat(0xffff), sequence: fc.nat(0xffff_ffff) });
  fc.assert(
    fc.property(mark, fc.constantFrom<'icmp' | 'udp'>('icmp', 'udp'), (said, protocol) => {
      const packets = {
        ...({ kind: 'frames', protocol, port: 7, source: '10.0.1.4' } as const),
        macs: ['02:00:00:00:00:01', '02:00:00:00:00:02'],
      };
      const templates = new FrameTemplates(packets, '02:00:00:00:00:09', '10.0.2.4', 3);
      const frame = decodeFrame(templates.next(said) ?? Buffer.alloc(0));
      expect(frame?.destination).toBe(packets.macs[said.sequence % 2]);
      expect(heardMark(frame?.payload ?? Buffer.alloc(0))).toEqual({ ...said, kind: 'probe' });
      const packet = decodeIpv4(frame?.payload ?? Buffer.alloc(0));
      if (protocol === 'icmp') expect(checksum(packet?.payload ?? Buffer.of(1))).toBe(0);
    }),
  );
});
