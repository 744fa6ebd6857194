import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BypassTest } from '../../components/isolation-tester/bypass-test.ts';
import { remark } from '../../lib/cli/output.ts';
import { Lab } from '../../lib/lab/lab.ts';
import type { Matrix } from '../../lib/truck/judge.ts';
import type { Trial } from '../components/trial.ts';
import { EXAMPLES } from '../lib/truck/support.ts';
import { allHold, firstToFail } from './kill.ts';
import type { Run } from './namespaces.ts';

/**
 * What only a real truck has: VLANs, ipvlan, Docker and the order in which all that comes up. One lab; each mutation is made on the running
 * truck, measured by the truck's own commands, and mended by an apply.
 */
interface LabMutation {
  readonly name: string;
  readonly make: (lab: Lab) => Promise<unknown>;
}

const onTruck = (lab: Lab, script: string) => lab.exec('truck', ['sh', '-ec', script], { timeoutMs: 120_000 });
const inRouter = (lab: Lab, script: string) =>
  onTruck(lab, `nsenter --net=/proc/$(docker inspect --format '{{.State.Pid}}' router)/ns/net sh -ec '${script}'`);

/** Deletes the rules of a chain that match, by their handles (nft(8)); fails where there is none. */
const withoutRules = (chain: string, rule: string) => `
  handles=$(nft -a list chain ${chain} | sed -n "/${rule}/s/.*# handle //p"); [ -n "$handles" ]
  for handle in $handles; do nft delete rule ${chain} handle $handle; done`;

export const LAB_MUTATIONS: readonly LabMutation[] = [
  { name: 'host: without its ruleset', make: (lab) => onTruck(lab, 'nft delete table inet firebreak_host') },
  { name: 'edge: without its ruleset', make: (lab) => onTruck(lab, 'nft delete table bridge firebreak_edge') },
  { name: 'router: without its ruleset', make: (lab) => inRouter(lab, 'nft flush ruleset') },
  {
    name: 'edge: without what it says about the router’s addresses',
    make: (lab) => onTruck(lab, withoutRules('bridge firebreak_edge arp_messages', 'arp saddr ip . arp saddr ether')),
  },
  {
    name: 'router: with a default of prerouting that accepts',
    make: (lab) => inRouter(lab, 'nft "add chain inet firebreak prerouting { policy accept; }"'),
  },
  {
    name: 'host, sysctl: bridges answer ARP for all addresses of the host',
    make: (lab) =>
      onTruck(lab, 'echo 0 | tee /proc/sys/net/ipv4/conf/br0/arp_ignore /proc/sys/net/ipv4/conf/br1/arp_ignore'),
  },
  {
    name: 'router: without its route past Docker’s default route',
    make: (lab) => inRouter(lab, 'ip -4 rule del pref 100; ip route del default'),
  },
  {
    name: 'router: without the group by which its uplink is known',
    make: (lab) =>
      inRouter(
        lab,
        'link=$(ip -o link show group 5000 | sed "s/^[0-9]*: //; s/[@:].*//"); ip link set dev $link group 0',
      ),
  },
];

const ARTICLE = join(EXAMPLES, 'article.yaml');

/** What the truck's own commands print, whatever it comes to. */
async function asked<T>(lab: Lab, argv: readonly string[], policy: string): Promise<T> {
  const { stdout, stderr } = await lab.firebreak([...argv, '-', '--json'], { input: policy, check: false });
  if (stdout === '') throw new Error(`firebreak ${argv.join(' ')} on the truck: ${stderr}`);
  return JSON.parse(stdout) as T;
}

const trials = (policy: string): readonly Trial<Lab>[] => [
  {
    name: 'on the article’s truck every bypass of every kind is closed (lab)',
    problems: async (lab) => {
      const { rows } = await asked<BypassTest>(lab, ['bypasses', '--disturb'], policy);
      if (rows.length === 0) return ['nothing was tried'];
      return rows
        .filter(({ verdict }) => verdict !== 'closed')
        .map(({ attempt, verdict, reason }) => `${attempt.id}: ${verdict}, ${reason}`);
    },
  },
  {
    name: 'the article’s table holds row by row (lab)',
    problems: async (lab) => {
      const { matrix } = await asked<{ readonly matrix: Matrix }>(lab, ['matrix'], policy);
      return matrix.rows
        .filter(({ outcome }) => outcome !== 'as-expected')
        .map(({ expectation, outcome, reason }) => `${expectation.id}: ${outcome}, ${reason}`);
    },
  },
];

/** With FIREBREAK_TEST_LAB it is the lab of that name, which stays. */
export async function inLab({ report, signal }: Run, isMeant: (mutation: LabMutation) => boolean): Promise<void> {
  const standing = process.env.FIREBREAK_TEST_LAB;
  const name = standing ?? `mutations-${process.pid}`;
  const policy = await readFile(ARTICLE, 'utf8');
  const build = join(EXAMPLES, '..', 'build', 'firebreak');
  const apply = (lab: Lab) => lab.firebreak(['apply', '-', '--json'], { input: policy });
  try {
    const lab = await Lab.up({ name, policy, kernel: 'auto', build, onProgress: remark, signal });
    await apply(lab);
    await allHold(trials(policy), lab);
    remark('the lab holds without a mutation');
    for (const mutation of LAB_MUTATIONS.filter(isMeant)) {
      signal.throwIfAborted();
      const begun = performance.now();
      await mutation.make(lab);
      const killed = await firstToFail(trials(policy), lab);
      report({ truck: 'lab', mutation: mutation.name, ...killed, seconds: (performance.now() - begun) / 1000 });
      await apply(lab);
    }
    await allHold(trials(policy), lab);
  } finally {
    if (standing === undefined) await Lab.down(name);
  }
}
