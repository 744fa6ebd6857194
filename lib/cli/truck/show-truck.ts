import { paint } from '../output.ts';
import { table } from '../table.ts';
import type { Isolation, Network } from './reported.ts';

/** What a truck reports of its network, in lines for people. */
export function networkLines(network: Network | null): readonly string[] {
  if (network === null) return [paint('yellow', 'network: nothing was reported yet')];
  const { status, revision, desired, why, drift, at, agent } = network;
  const wanted = desired?.revision?.id ?? (desired === undefined ? 'a policy' : `wish ${desired.id}`);
  const force = revision === undefined ? 'no policy is in force' : `revision ${revision.id} is in force`;
  return [
    `network: ${networkStatus(status)}, ${force}`,
    ...(status === 'applied' || status === 'no-policy' ? [] : [`  ${wanted}: ${why ?? inWords(status)}`]),
    ...problemLines(network),
    ...(drift === undefined
      ? []
      : [`  ${drift.repaired} repairs since the agent was started, the last one ${drift.at}`]),
    ...(network.repairs ?? []).map((step) => `    ${step}`),
    ...more(network.moreRepairs, 'steps'),
    ...(at === undefined ? [] : [paint('dim', `  reported ${at}${agent === undefined ? '' : ` by ${agent}`}`)]),
  ];
}

export function problemLines({ problems = [], moreProblems }: Network): readonly string[] {
  return [
    ...problems.map(
      ({ severity, path, message }) =>
        `  ${paint(severity === 'error' ? 'red' : 'yellow', severity)} ${path}: ${message}`,
    ),
    ...more(moreProblems, 'problems'),
  ];
}

/** What a truck reports of its isolation, in lines for people. */
export function isolationLines(isolation: Isolation | null): readonly string[] {
  if (isolation === null) return [paint('yellow', 'isolation: nothing was measured yet')];
  const { verdict, revision, counts, bypasses, failing = [], moreFailing, measuredAt, nextAt } = isolation;
  const tally = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${count} ${outcome}`);
  const ways = bypasses === undefined ? [] : [`${bypasses.closed} bypasses closed, ${bypasses.open} open`];
  return [
    `isolation: ${paint(verdict === 'isolated' ? 'green' : 'red', verdict)}, revision ${revision.id}: ${[...tally, ...ways].join(', ')}`,
    ...(failing.length === 0 ? [] : [failingTable(failing)]),
    ...more(moreFailing, 'pairs'),
    paint('dim', `  measured ${measuredAt}${nextAt === undefined ? '' : `, again ${nextAt}`}`),
  ];
}

function failingTable(failing: NonNullable<Isolation['failing']>): string {
  return table(
    ['', 'source', 'target', 'probe', 'expected', 'measured', 'why'],
    failing.map((row) => [
      paint('red', row.outcome),
      row.from,
      row.to,
      row.probe,
      row.expected,
      row.observed,
      row.reason,
    ]),
  );
}

function networkStatus(status: string): string {
  return paint(
    status === 'applied' ? 'green' : status === 'applying' || status === 'no-policy' ? 'yellow' : 'red',
    inWords(status),
  );
}

const inWords = (status: string): string => status.replaceAll('-', ' ');

function more(count: number | undefined, what: string): readonly string[] {
  return count === undefined ? [] : [`  and ${count} more ${what}`];
}
