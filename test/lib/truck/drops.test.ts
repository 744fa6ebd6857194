import { namedDrops, parseDrops } from '../../../lib/truck/drops.ts';
import { example } from './support.ts';

const article = example('article.yaml');
/** As nft 1.0.6 lists a set. */
const listing = (...elements: readonly object[]) =>
  JSON.stringify({
    nftables: [
      { metainfo: { version: '1.0.6', release_name: 'Lester Gooch #5', json_schema_version: 1 } },
      {
        set: {
          ...{ family: 'inet', name: 'dropped_with_port', table: 'firebreak', handle: 3, size: 4096 },
          ...{ type: ['ipv4_addr', 'ipv4_addr', 'inet_proto', 'inet_service'], flags: ['timeout'], timeout: 3600 },
          ...(elements.length > 0 && { elem: elements }),
        },
      },
    ],
  });
const element = (concat: readonly unknown[], packets: number) => ({
  elem: { val: { concat }, expires: 3599, counter: { packets, bytes: packets * 60 } },
});

test('a set’s elements are read with their counts', () => {
  const text = listing(element(['10.0.1.4', '10.0.2.4', 'tcp', 443], 3), element(['10.0.1.4', '10.0.2.4', 'icmp'], 1));
  expect(parseDrops(text)).toEqual([
    { source: '10.0.1.4', destination: '10.0.2.4', protocol: 'tcp', port: 443, packets: 3, bytes: 180 },
    { source: '10.0.1.4', destination: '10.0.2.4', protocol: 'icmp', packets: 1, bytes: 60 },
  ]);
});

test('a protocol without a name is its number', () => {
  expect(parseDrops(listing(element(['10.0.1.4', '10.0.2.4', 253], 1)))).toMatchObject([{ protocol: '253' }]);
});

test('an empty set counts nothing', () => {
  expect(parseDrops(listing())).toEqual([]);
});

test.each(['', 'no table', '{}', listing({ elem: { val: '10.0.1.4' } })])(
  '%p is refused: it is no such listing',
  (text) => {
    expect(() => parseDrops(text)).toThrow();
  },
);

test('pairs get names, and the most packets come first', () => {
  const count = (source: string, destination: string, packets: number) => ({
    ...{ source, destination, protocol: 'udp', port: 53, packets, bytes: 0 },
  });
  const named = namedDrops(article, [
    count('10.0.1.4', '10.0.2.5', 1),
    count('10.0.1.99', '10.0.2.3', 2),
    count('10.0.2.4', '8.8.8.8', 4),
    count('10.0.2.4', '192.168.50.1', 3),
    count('224.0.0.1', '10.0.1.2', 5),
  ]);
  expect(named.map(({ from, to, probe, packets }) => [from, to, probe, packets])).toEqual([
    ['224.0.0.1', 'router@br0net', 'udp/53', 5],
    ['container2', 'internet (8.8.8.8)', 'udp/53', 4],
    ['container2', '192.168.50.1', 'udp/53', 3],
    ['10.0.1.99', 'router@br1net', 'udp/53', 2],
    ['container1', 'device2', 'udp/53', 1],
  ]);
});
