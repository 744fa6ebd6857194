import { ipBatch, listDefaultRoutes, listLinks } from '../../../components/host/ip.ts';
import { CommandError, run } from '../../../components/host/run.ts';

/** The real iproute2, in a network namespace of its own (root is needed). */
const NAMESPACE = `fbt-ip-${process.pid}`;
const NETNS = `/run/netns/${NAMESPACE}`;

beforeEach(() => run(['ip', 'netns', 'add', NAMESPACE]));
afterEach(() => run(['ip', 'netns', 'delete', NAMESPACE]));

const ip = (...commands: string[]) => ipBatch(commands, NETNS);
const link = async (name: string) => (await listLinks(NETNS)).find(({ ifname }) => ifname === name);
const names = async () => (await listLinks(NETNS)).map(({ ifname }) => ifname);

test('a fresh namespace has its loopback and no default route', async () => {
  expect(await names()).toEqual(['lo']);
  expect(await listDefaultRoutes(NETNS)).toEqual([]);
});

test('a bridge and its port are told with kind, alias, group, master and addresses', async () => {
  await ip(
    'link add name br10 type bridge',
    'link set dev br10 alias firebreak',
    'link add name port type veth peer name far',
    'link set dev port master br10 address 02:fb:00:00:00:01 group 5000',
    'address add 10.0.1.3/24 dev far',
    'address add 10.0.1.4/32 dev far',
  );
  expect(await link('br10')).toMatchObject({
    ifalias: 'firebreak',
    group: 'default',
    linkinfo: { info_kind: 'bridge' },
  });
  expect(await link('port')).toMatchObject({ master: 'br10', address: '02:fb:00:00:00:01', group: '5000' });
  expect((await link('far'))?.addr_info?.map(({ local, prefixlen }) => `${local}/${prefixlen}`)).toEqual([
    '10.0.1.3/24',
    '10.0.1.4/32',
  ]);
});

test('flags tell whether a link is up', async () => {
  await ip('link add name br10 type bridge');
  expect((await link('br10'))?.flags).not.toContain('UP');
  await ip('link set dev br10 up');
  expect((await link('br10'))?.flags).toContain('UP');
});

test('default routes are told with gateway, interface and metric, and no other routes', async () => {
  await ip(
    'link add name up1 type veth peer name up2',
    'link set dev up1 up',
    'link set dev up2 up',
    'address add 192.0.2.2/24 dev up1',
    'route add default via 192.0.2.1 dev up1 metric 100',
    'route add default via 192.0.2.9 dev up1 metric 200',
    'route add 198.51.100.0/24 via 192.0.2.1',
  );
  expect(await listDefaultRoutes(NETNS)).toMatchObject([
    { dst: 'default', gateway: '192.0.2.1', dev: 'up1', metric: 100 },
    { dst: 'default', gateway: '192.0.2.9', dev: 'up1', metric: 200 },
  ]);
});

test('several commands stop at the first that fails; what came before is done', async () => {
  const fault: unknown = await ip(
    'link add name first type bridge',
    'link set dev nobody up',
    'link add name last type bridge',
  ).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(CommandError);
  expect(fault).toHaveProperty('stderr', expect.stringContaining('Cannot find device "nobody"'));
  expect(await names()).toEqual(['lo', 'first']);
});

test('no commands are no process', async () => {
  await ipBatch([], '/run/netns/fbt-nobody');
});
