import { ipBatch, listLinks } from '../../../components/host/ip.ts';
import { viewNetwork } from '../../../components/host/network-view.ts';
import { run } from '../../../components/host/run.ts';
import { readSysctlsIn } from '../../../components/host/sysctl.ts';

/** The real kernel, in network namespaces of its own (root is needed); what ip(8) tells of it is the reference. */
const NAMES = ['one', 'two'].map((name) => `fbt-${process.pid}-view-${name}`);
const [ONE = '', TWO = ''] = NAMES.map((name) => `/run/netns/${name}`);

beforeAll(async () => {
  for (const name of NAMES) await run(['ip', 'netns', 'add', name]);
  await ipBatch(
    [
      'link set dev lo up',
      `link add name eth0 type veth peer name port netns ${NAMES[1]}`,
      'link set dev eth0 address 02:00:00:00:00:01 group 1881800704 up',
      'link add name spare type bridge',
      'address add 10.0.1.4/24 dev eth0',
      'address add 10.0.1.5/32 dev eth0',
      'route add default via 10.0.1.1 metric 7',
      'route add default via 10.0.1.2 dev eth0 table 100',
      'route add 10.9.0.0/16 via 10.0.1.9',
      'rule add pref 50 from 10.0.0.0/8 lookup 200',
      'rule add pref 99 lookup main suppress_prefixlength 0',
    ],
    ONE,
  );
  await ipBatch(['link set dev port up'], TWO);
});
afterAll(async () => {
  for (const name of NAMES) await run(['ip', 'netns', 'delete', name]);
});

test('links come with MAC address, group, state, addresses and their other end', async () => {
  const [eth0] = (await listLinks(ONE)).filter(({ ifname }) => ifname === 'eth0');
  expect(viewNetwork(ONE).links.find(({ name }) => name === 'eth0')).toEqual({
    ...{ name: 'eth0', kind: 'veth', mac: '02:00:00:00:00:01', group: 1881800704, up: true },
    ...{ index: eth0?.ifindex, peer: eth0?.link_index, addresses: ['10.0.1.4/24', '10.0.1.5/32'] },
  });
  expect(viewNetwork(ONE).links.find(({ name }) => name === 'spare')).toMatchObject({
    ...{ kind: 'bridge', group: 0, up: false, addresses: [] },
  });
  expect(viewNetwork(ONE).links.map(({ name }) => name)).not.toContain('lo');
});

test('default routes come from all tables, and no others', () => {
  const { index } = viewNetwork(ONE).links.find(({ name }) => name === 'eth0') ?? {};
  expect(viewNetwork(ONE).defaultRoutes).toEqual([
    { table: 100, gateway: '10.0.1.2', link: index, metric: 0 },
    { table: 254, gateway: '10.0.1.1', link: index, metric: 7 },
  ]);
});

test('rules come in their order, and one with a condition is no other', () => {
  expect(viewNetwork(ONE).rules).toEqual([
    '0: lookup 255',
    '50: if attribute 2 lookup 200',
    '99: lookup 254 suppress 0',
    '32766: lookup 254',
    '32767: lookup 253',
  ]);
});

test('sysctls are those of the namespace', async () => {
  const path = 'net/ipv4/conf/all/arp_ignore';
  await run(['sh', '-c', `echo 2 > /proc/sys/${path}`], { netns: TWO });
  expect(readSysctlsIn(TWO, [path, 'net/ipv4/conf/nobody/arp_ignore'])).toEqual({
    [path]: '2',
    'net/ipv4/conf/nobody/arp_ignore': null,
  });
  expect(readSysctlsIn(ONE, [path])).not.toEqual({ [path]: '2' });
});

test('a namespace that is gone is a fault', () => {
  expect(() => viewNetwork('/run/netns/fbt-nobody')).toThrow('ENOENT');
});
