import type { IpLink } from '../../../components/host/ip.ts';
import type { NetworkView, ViewedLink } from '../../../components/host/network-view.ts';
import { pairUp } from '../../../components/network-manager/attachments.ts';
import type { ListedEndpoint } from '../../../components/network-manager/engine.ts';
import { portGroup } from '../../../lib/truck/port-group.ts';

/** Which veth belongs to which of Docker's endpoints, whatever somebody has changed on it. */
const endpoint = (IPAddress: string, MacAddress: string, Gateway: string): ListedEndpoint => ({
  ...{ NetworkID: '1', IPAddress, IPPrefixLen: 24, MacAddress, Gateway },
});
const BR0NET = endpoint('10.0.1.4', '02:00:00:00:00:01', '10.0.1.2');
const BR1NET = endpoint('10.0.2.4', '02:00:00:00:00:02', '10.0.2.2');

const inside = (index: number, change: Partial<ViewedLink> = {}): ViewedLink => ({
  ...{
    index,
    name: `eth${index}`,
    kind: 'veth',
    mac: `02:00:00:00:00:0${index}`,
    group: 0,
    up: true,
    peer: 10 + index,
  },
  ...{ addresses: [`10.0.${index}.4/24`] },
  ...change,
});
const port = (index: number, change: Partial<IpLink> = {}): IpLink => ({
  ...{ ifname: `veth${index}`, ifindex: 10 + index, link_index: index, flags: ['UP'], linkinfo: { info_kind: 'veth' } },
  ...{ master: `br${index - 1}`, group: String(portGroup(`10.0.${index}.0/24`)) },
  ...change,
});
const view = (...links: readonly ViewedLink[]): NetworkView => ({
  links,
  rules: null,
  defaultRoutes: [{ table: 254, gateway: '10.0.1.2', link: 1, metric: 0 }],
});

const ports = (found: ReturnType<typeof pairUp>) =>
  Object.fromEntries([...found].map(([network, attachment]) => [network, attachment?.port.name ?? null]));

test('an untouched one is what Docker gave it, on its bridge', () => {
  expect(pairUp({ br0net: BR0NET }, view(inside(1)), [port(1)], true).get('br0net')).toEqual({
    given: { mac: '02:00:00:00:00:01', addresses: ['10.0.1.4/24'], gateways: ['10.0.1.2'] },
    inside: { name: 'eth1', up: true, mac: '02:00:00:00:00:01', addresses: ['10.0.1.4/24'], gateways: ['10.0.1.2'] },
    port: { name: 'veth1', up: true, bridge: 'br0', group: portGroup('10.0.1.0/24') },
  });
});

test('of several networks nobody knows which one has the default route, so none is asked for', () => {
  const found = pairUp({ br0net: BR0NET, br1net: BR1NET }, view(inside(1), inside(2)), [port(1), port(2)], false);
  for (const attachment of found.values()) expect(attachment?.given.gateways).toEqual(attachment?.inside.gateways);
});

test('two that have swapped their addresses, or lost all but one sign, are told apart', () => {
  const both = { br0net: BR0NET, br1net: BR1NET };
  const bare = { addresses: [], mac: '02:00:00:00:00:77' };
  const right = { br0net: 'veth1', br1net: 'veth2' };
  expect(ports(pairUp(both, view(inside(1, bare), inside(2, bare)), [port(1), port(2)], false))).toEqual(right);
  const unmarked = [port(1, { group: '0' }), port(2, { group: 'default' })];
  expect(ports(pairUp(both, view(inside(1, { addresses: [] }), inside(2)), unmarked, false))).toEqual(right);
});

test('the only one of a container is its only endpoint’s, whatever is left of it', () => {
  const stripped = inside(1, { addresses: [], mac: '02:00:00:00:00:77', name: 'wan' });
  const found = pairUp({ br0net: BR0NET }, view(stripped), [port(1, { group: '0', master: undefined as never })], true);
  expect(found.get('br0net')).toMatchObject({ inside: { name: 'wan' }, port: { name: 'veth1', group: 0 } });
});

test('one that is gone is null; another veth, which the container has made itself, does not stand in for it', () => {
  expect(pairUp({ br0net: BR0NET }, view(), [port(1)], true).get('br0net')).toBeNull();
  const own = inside(1, { peer: 2, addresses: [] });
  expect(pairUp({ br0net: BR0NET }, view(own, inside(2, { peer: 1 })), [port(1)], true).get('br0net')).toBeNull();
});
