import * as z from 'zod';
import type { BypassTest } from '../../../components/isolation-tester/bypass-test.ts';
import type { Lab } from '../../lab/lab.ts';
import { checkDocument, readYaml } from '../../policy/index.ts';
import { EXIT, ExitError } from '../exit.ts';
import { paint, print } from '../output.ts';
import type { Progress } from '../progress.ts';
import { showBypasses } from '../show-bypasses.ts';
import { showMatrix } from '../show-matrix.ts';
import type { Network } from '../truck/reported.ts';
import { type Document, type ServedTruck, withServedTruck } from './served-truck.ts';
import { baselineOf, strangers, withFlow, withHostLink, withoutUplink } from './wishes.ts';

/** What `firebreak bypasses --json` printed on the truck; only what is looked at here is checked. */
const Tried = z.custom<BypassTest>((value) => value !== null && typeof value === 'object' && 'kinds' in value);

/** What the demo shows, each part printed when it is known, and whether all of it is as it shall be. */
export async function tellStory(
  lab: Lab,
  text: string,
  { name, build, json }: { readonly name: string; readonly build: string; readonly json: boolean },
  progress: Progress,
  signal: AbortSignal,
): Promise<Story> {
  const document = withHostLink(readYaml(text).value as Document);
  const place = { lab, name, build, baseline: baselineOf(document) };
  const show = (...lines: readonly string[]) => {
    progress.done();
    if (!json) for (const line of lines) print(line);
  };
  const timings: Record<string, number> = {};
  const timed = async <T>(what: string, work: Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await work;
    timings[what] = Math.round(performance.now() - begun) / 1000;
    return result;
  };
  return await withServedTruck(place, progress, signal, async (truck) => {
    progress.say("the policy is written into the truck's shadow");
    const applied = await timed('policy applied', truck.desire(document));
    const revision = revisionIn(applied);
    const { matrix, vantages } = await timed('matrix reported', truck.evidence(revision));
    show(showMatrix(matrix, vantages as Parameters<typeof showMatrix>[1]), '');

    progress.say('trying the bypasses');
    const bypasses = await timed('bypasses tried', tryBypasses(lab, JSON.stringify(document)));
    show(showBypasses(bypasses), '');

    const { policy } = checkDocument(document);
    const pair = policy === undefined ? null : strangers(policy);
    const flow =
      pair === null ? null : await timed('flow opened and closed', openAndClose(truck, document, pair, progress));
    if (flow !== null) show(...flow.lines, '');

    progress.say('a policy that cuts the uplink is written');
    const cut = await timed('uplink cut and rolled back', truck.desire(withoutUplink(document)));
    const isBack = cut.status === 'rolled-back' && cut.revision?.id === revision;
    show(
      `${mark(isBack)} a policy that cuts the uplink: ${cut.status.replaceAll('-', ' ')}, revision ${cut.revision?.id} is in force; ${cut.why}`,
      '',
    );
    const holds =
      applied.status === 'applied' &&
      matrix.verdict === 'isolated' &&
      bypasses.verdict === 'closed' &&
      (flow?.holds ?? true) &&
      isBack;
    const cells = flow === null ? {} : { flow: { from: flow.from, to: flow.to, cells: flow.cells } };
    return { holds, matrix, vantages, bypasses, ...cells, rollback: cut, timings, shadows: await truck.shadows() };
  });
}

/** Opens a flow by the shadow and closes it again; each time the cell of the matrix tells. */
async function openAndClose(
  truck: ServedTruck,
  document: Document,
  pair: readonly [string, string],
  progress: Progress,
) {
  const [from, to] = pair;
  const cellAfter = async (what: string, policy: Document) => {
    progress.say(`the flow from ${from} to ${to} is ${what} by the shadow`);
    const { matrix } = await truck.evidence(revisionIn(await truck.desire(policy)));
    const row = matrix.rows.find(
      ({ expectation }) => expectation.from === from && expectation.to === to && expectation.probe.protocol === 'icmp',
    );
    return row?.observed ?? 'not measured';
  };
  const opened = await cellAfter('opened', withFlow(document, pair));
  const closed = await cellAfter('closed', document);
  const cells = { opened, closed };
  const line = (what: string, cell: string, isRight: boolean) =>
    `${mark(isRight)} ${from} → ${to}, flow ${what}: ${cell}`;
  return {
    ...{ from, to, cells, holds: opened === 'reachable' && closed === 'dropped' },
    lines: [line('opened', opened, opened === 'reachable'), line('closed', closed, closed === 'dropped')],
  };
}

interface Story {
  readonly holds: boolean;
  readonly [part: string]: unknown;
}

const mark = (isRight: boolean) => (isRight ? paint('green', '✓') : paint('red', '✗'));

/** @throws ExitError unless a policy is in force */
function revisionIn({ status, revision, why, problems }: Network): string {
  if (status === 'applied' && revision !== undefined) return revision.id;
  const reasons = [why, ...(problems ?? []).map(({ path, message }) => `${path}: ${message}`)].filter(Boolean);
  throw new ExitError(EXIT.failed, `the truck says ${status}: ${reasons.join('; ')}`);
}

/** What the command on the truck prints, whatever it comes to. @throws ExitError with its words, if that is not what was asked for */
async function tryBypasses(lab: Lab, policy: string): Promise<BypassTest> {
  const argv = ['bypasses', '-', '--json', '--disturb'];
  const { stdout, stderr } = await lab.firebreak(argv, { input: policy, check: false });
  const printed = Tried.safeParse(stdout === '' ? null : JSON.parse(stdout));
  if (!printed.success) throw new ExitError(EXIT.failed, `the bypasses could not be tried: ${stderr}`);
  return printed.data;
}
