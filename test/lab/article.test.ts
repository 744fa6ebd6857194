import { parse } from 'yaml';
import type { IsolationTest } from '../../components/isolation-tester/isolation-test.ts';
import type { Lab } from '../../lib/lab/lab.ts';
import type { Drop } from '../../lib/truck/drops.ts';
import type { Matrix } from '../../lib/truck/judge.ts';
import { apply, bringUp, example, failures, matrix, openLab, untilProved } from './support.ts';

jest.setTimeout(600_000);

const ARTICLE = example('article.yaml');
let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
  await lab.plug(ARTICLE);
  await lab.firebreak(['down']);
});

const docker = (...argv: string[]) => lab.exec('truck', ['docker', ...argv]);

/** Everything that Firebreak could have changed on the truck, as text. */
async function truckState(): Promise<string> {
  const outputs = await Promise.all([
    lab.exec('truck', ['ip', 'addr']),
    docker('ps', '--all', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.Networks}}'),
    docker('network', 'ls', '--no-trunc', '--format', '{{.ID}} {{.Name}}'),
    lab.exec('truck', ['nft', '-s', 'list', 'tables']),
  ]);
  // Docker lists a container's networks in any order.
  const inOrder = (list: string) => list.split(',').sort().join();
  return outputs.map(({ stdout }) => stdout.replace(/\S+,\S+/g, inOrder)).join('\n');
}

const noBreach = ({ rows }: Matrix) => expect(rows.filter(({ outcome }) => outcome === 'breach')).toEqual([]);

test('the article’s policy comes up on a bare truck', async () => {
  const { steps, drift } = await apply(lab, ARTICLE);
  expect(steps.length).toBeGreaterThan(20);
  expect(drift).toEqual([]);
});

test('all 28 rows of the article’s table are measured as it promises', async () => {
  const measured = await matrix(lab, ARTICLE);
  expect(failures(measured)).toEqual([]);
  expect(measured.rows).toHaveLength(28);
  expect(measured.rows.filter(({ expectation }) => expectation.verdict === 'reachable')).toHaveLength(16);
});

test('applied a second time nothing is done', async () => {
  expect((await apply(lab, ARTICLE)).steps).toEqual([]);
});

test('commands run at every node, with their exit codes', async () => {
  await lab.exec('device1', ['ping', '-c1', '-W5', '10.0.1.3']);
  await lab.exec('container1', ['ping', '-c1', '-W5', '10.0.1.5']);
  await lab.exec('router', ['ping', '-c1', '-W5', '10.0.2.5']);
  const { stdout } = await lab.exec('truck', ['ip', '-j', 'addr']);
  expect(JSON.parse(stdout)).toEqual(expect.arrayContaining([expect.objectContaining({ ifname: 'enp2s0' })]));
  expect((await lab.exec('device1', ['ping', '-c1', '-W1', '10.0.2.3'], { check: false })).exitCode).toBe(1);
  await expect(async () => lab.exec('nowhere', ['true'])).rejects.toThrow(/no nowhere in this lab; its nodes are/);
});

test('what was just denied is told by name: who, to whom, at which port, and how often; measuring adds nothing', async () => {
  const dropped = async () =>
    (JSON.parse((await lab.firebreak(['drops', '--json'])).stdout) as { drops: Drop[] }).drops;
  await lab.exec('device1', ['bash', '-c', 'for i in 1 2 3; do echo > /dev/udp/10.0.2.4/4711; done']);
  await lab.exec('container1', ['ping', '-c2', '-i0.2', '-W1', '10.0.2.5'], { check: false });
  const told = await dropped();
  expect(told).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ from: 'device1', to: 'container2', probe: 'udp/4711', packets: 3 }),
      expect.objectContaining({ from: 'container1', to: 'device2', probe: 'icmp' }),
    ]),
  );
  await matrix(lab, ARTICLE);
  await lab.firebreak(['bypasses', '-', '--json'], { input: ARTICLE });
  const unasked = (drops: readonly Drop[]) => drops.filter(({ probe }) => probe === 'udp/4711' || probe === 'icmp');
  expect(unasked(await dropped())).toEqual(unasked(told));
});

test('a dry run of another policy says the steps and does none', async () => {
  const before = await truckState();
  const { stdout } = await lab.firebreak(['apply', '-', '--dry-run'], {
    input: ARTICLE.replace('vlan: 2', 'vlan: 22'),
  });
  expect(stdout).toContain('link enp2s0.22: add VLAN 22 on enp2s0');
  expect(await truckState()).toBe(before);
});

test('a bad policy is refused with every field path and exit code 2, and the truck stays as it was', async () => {
  const before = await truckState();
  const bad = ARTICLE.replace('vlan: 2', 'vlan: 1').replace('router: 10.0.2.3', 'router: 10.0.9.3');
  const { exitCode, stdout } = await lab.firebreak(['apply', '-', '--json'], { input: bad, check: false });
  expect(exitCode).toBe(2);
  const paths = (JSON.parse(stdout) as { problems: { path: string }[] }).problems.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([expect.stringMatching(/segments\.br.net\.vlan/), 'segments.br1net.router']),
  );
  expect(await truckState()).toBe(before);
});

test('devices without an agent are stood in for by canaries, which the report names and which are gone afterwards', async () => {
  const before = await truckState();
  await lab.exec('truck', ['tee', '/run/nobody.json'], { input: '{}' });
  const { stdout } = await lab.firebreak(['matrix', '-', '--json', '--agents', '/run/nobody.json'], { input: ARTICLE });
  const { matrix: measured, vantages } = JSON.parse(stdout) as IsolationTest;
  expect(failures(measured)).toEqual([]);
  expect(vantages.filter(({ kind }) => kind === 'canary').map(({ node }) => node)).toEqual(['device1', 'device2']);
  expect(await truckState()).toBe(before);
});

test('a flow that expires ends on time, though nothing of Firebreak runs then, and nothing is drift', async () => {
  const clock = async () => Number((await lab.exec('truck', ['date', '+%s'])).stdout);
  const pings = async () =>
    (await lab.exec('container1', ['ping', '-c1', '-W1', '10.0.2.5'], { check: false })).exitCode === 0;
  const end = (await clock()) + 60;
  const flow = { from: 'container1', to: 'device2', protocol: 'icmp', owner: 'a test', reason: 'it ends' };
  const expires = new Date(end * 1000).toISOString().replace('.000Z', 'Z');
  const timed = JSON.stringify({ ...(parse(ARTICLE) as object), flows: { timed: { ...flow, expires } } });
  await apply(lab, timed);
  expect(await pings()).toBe(true);
  expect(failures(await matrix(lab, timed))).toEqual([]);
  let last = true;
  while ((await clock()) < end) last = (await pings()) || (await clock()) >= end;
  expect(last).toBe(true);
  expect(await pings()).toBe(false);
  expect(failures(await matrix(lab, timed))).toEqual([]);
  expect((await apply(lab, timed)).steps).toEqual([]);
  await apply(lab, ARTICLE);
});

test('an uplink that gets its address by DHCP carries the segments to the internet', async () => {
  const leased = JSON.stringify({
    ...(parse(ARTICLE) as object),
    uplinks: { wlan: { interface: 'wlp3s0f0', dhcp: true } },
  });
  expect((await bringUp(lab, leased)).drift).toEqual([]);
  await untilProved(lab, leased, { deadline: 120_000, meanwhile: noBreach });
  await bringUp(lab, ARTICLE);
});

describe('when something breaks', () => {
  const inRouter = async (...argv: string[]) =>
    lab.exec('truck', ['nsenter', `--net=/proc/${await routerPid()}/ns/net`, ...argv]);
  const routerPid = async () => (await docker('inspect', '--format', '{{.State.Pid}}', 'router')).stdout.trim();

  test('a rule in the router that opens the segments is not enough: the edge holds; without it, breaches are measured; apply mends both', async () => {
    await inRouter('nft', 'insert', 'rule', 'inet', 'firebreak', 'forward', 'accept');
    expect(failures(await matrix(lab, ARTICLE))).toEqual([]);
    await lab.exec('truck', ['nft', 'delete', 'table', 'bridge', 'firebreak_edge']);
    const open = await matrix(lab, ARTICLE);
    expect(open.verdict).toBe('breached');
    expect(failures(open)).toHaveLength(8);
    const { steps } = await apply(lab, ARTICLE);
    expect(steps.slice(0, 2)).toEqual([
      expect.stringMatching(/^edge: load ruleset/),
      expect.stringMatching(/^router: load ruleset/),
    ]);
    expect(failures(await matrix(lab, ARTICLE))).toEqual([]);
  });

  test('a router that has lost an interface is measured as an outage, and apply mends it', async () => {
    const addresses = JSON.parse((await inRouter('ip', '-j', '-4', 'addr')).stdout) as {
      readonly ifname: string;
      readonly addr_info: readonly { readonly local?: string }[];
    }[];
    const link = addresses.find(({ addr_info }) => addr_info.some(({ local }) => local === '10.0.1.3'))?.ifname ?? '';
    await inRouter('ip', 'link', 'set', 'dev', link, 'group', '0');
    const cut = await matrix(lab, ARTICLE);
    expect(['outage', 'inconclusive']).toContain(cut.verdict);
    await apply(lab, ARTICLE);
    expect(failures(await matrix(lab, ARTICLE))).toEqual([]);
  });

  test('docker restart router: nothing forbidden passes, and all rows are back without a human', async () => {
    await docker('restart', '--time', '1', 'router');
    await untilProved(lab, ARTICLE, { deadline: 180_000, meanwhile: noBreach });
  });

  test('a router that finds no ruleset forwards nothing', async () => {
    const { stdout } = await docker('inspect', '--format', '{{(index .Mounts 0).Source}}', 'router');
    const current = `${stdout.trim()}/current`;
    await lab.exec('truck', ['mv', current, `${current}.away`]);
    await docker('restart', '--time', '1', 'router');
    const closed = await matrix(lab, ARTICLE);
    noBreach(closed);
    expect(
      closed.rows.filter(({ expectation, observed }) => expectation.to === 'internet' && observed === 'reachable'),
    ).toEqual([]);
    await lab.exec('truck', ['mv', `${current}.away`, current]);
    await untilProved(lab, ARTICLE, { deadline: 180_000, meanwhile: noBreach });
  });

  test('a restart of dockerd: nothing forbidden passes, and all rows are back without a human', async () => {
    await lab.restartEngine();
    await untilProved(lab, ARTICLE, { deadline: 300_000, meanwhile: noBreach });
  });
});

test('a vendor’s container started by plain docker run on a segment is isolated too, and reaches the internet through the router', async () => {
  await docker('run', '--detach', '--name', 'vendor-x', '--network', 'br0net', 'alpine:3', 'sleep', '1000');
  const ping = (address: string) => docker('exec', 'vendor-x', 'ping', '-c1', '-W3', address);
  await ping('8.8.8.8');
  await ping('10.0.1.5');
  await expect(ping('10.0.2.5')).rejects.toThrow(/exit code 1/);
  await expect(ping('192.168.50.1')).rejects.toThrow(/exit code 1/);
  await docker('rm', '--force', 'vendor-x');
});

test('down removes what is owned and nothing else', async () => {
  await lab.exec('truck', ['ip', 'link', 'add', 'name', 'keepme', 'type', 'bridge']);
  await docker('network', 'create', '--subnet', '10.77.0.0/24', 'keepme');
  await lab.firebreak(['down']);
  const links = JSON.parse((await lab.exec('truck', ['ip', '-j', 'link'])).stdout) as { ifname: string }[];
  const names = links.map(({ ifname }) => ifname).filter((name) => !/^br-[0-9a-f]{12}$/.test(name));
  expect(names.sort()).toEqual(['docker0', 'enp2s0', 'keepme', 'lo', 'wlp3s0f0']);
  expect((await docker('network', 'ls', '--format', '{{.Name}}')).stdout.trim().split('\n').sort()).toEqual([
    'bridge',
    'host',
    'keepme',
    'none',
  ]);
  expect((await docker('ps', '--all', '--quiet')).stdout).toBe('');
  expect((await lab.exec('truck', ['nft', 'list', 'tables'])).stdout).not.toContain('firebreak');
  await docker('network', 'rm', 'keepme');
  await lab.exec('truck', ['ip', 'link', 'delete', 'keepme']);
});
