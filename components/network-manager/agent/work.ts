import { readFile } from 'node:fs/promises';
import { checkAgainstHost, hasErrors, parsePolicy } from '../../../lib/policy/index.ts';
import { type DesiredContext, readDesired, type Wish } from '../../../lib/shadow/index.ts';
import type { TruckNetwork } from '../../../lib/truck/network.ts';
import { testIsolation } from '../../isolation-tester/isolation-test.ts';
import type { Agents } from '../../isolation-tester/vantages.ts';
import { guardChange } from '../apply.ts';
import type { Moment } from '../checkpoint.ts';
import { standGuard } from '../guard.ts';
import { hostSubnets } from '../host-subnets.ts';
import { meaningWith } from '../meaning.ts';
import { routerImageIn } from '../router-archive.ts';
import type { TruckSurroundings } from '../surroundings.ts';
import type { MeasuredRow } from './judge-change.ts';

/** What a worker is asked, and what it answers; JSON both. */
export const ROLES = { compile, wish, measure, guard };
type Roles = typeof ROLES;
export type Role = keyof Roles;
export type Question<Name extends Role> = Parameters<Roles[Name]>[0];
export type Answer<Name extends Role> = Awaited<ReturnType<Roles[Name]>>;

/** What a policy document means on this truck. */
async function compile(
  { document }: { readonly document: string },
  { truck }: TruckSurroundings,
): Promise<TruckNetwork> {
  return (await meaning(truck.routerArchive))(document);
}

const meaning = async (archive: string) => meaningWith({ routerImage: await routerImageIn(archive) });

/** What a `desired` comes to on this very truck; without the policy itself, which its document says. */
export type WishAnswer =
  | Exclude<Wish, { readonly kind: 'policy' }>
  | (Omit<Extract<Wish, { readonly kind: 'policy' }>, 'policy'> & {
      readonly revision: Extract<Wish, { readonly kind: 'policy' }>['policy']['revision'];
    });

async function wish(question: { readonly section: unknown; readonly context: DesiredContext }): Promise<WishAnswer> {
  const wished = readDesired(question.section, question.context);
  if (wished.kind !== 'policy') return wished;
  const { policy, ...rest } = wished;
  const problems = [...wished.problems, ...checkAgainstHost(policy, await hostSubnets())];
  if (hasErrors(problems)) return { kind: 'refused', id: wished.id, problems };
  return { ...rest, problems, revision: policy.revision };
}

/** The matrix of a policy, each row as short as judging needs it. */
async function measure(
  { document }: { readonly document: string },
  { docker, agentsFile }: TruckSurroundings,
): Promise<readonly MeasuredRow[]> {
  const { policy } = parsePolicy(document);
  if (policy === undefined) throw new Error('what is to be measured is no policy');
  const agents = agentsFile === null ? {} : (JSON.parse(await readFile(agentsFile, 'utf8')) as Agents);
  const containers = new Set(policy.nodes.filter(({ kind }) => kind === 'container').map(({ name }) => name));
  const { matrix } = await testIsolation({ policy, docker, agents });
  const isInside = (node: string) => node === 'router' || containers.has(node);
  return matrix.rows.map(({ expectation: { id, from, to, verdict }, outcome, reason }) => ({
    id,
    from,
    to,
    verdict,
    outcome,
    reason,
    isInside: isInside(from) && isInside(to),
  }));
}

/** Rolls back at the deadline what nobody has confirmed. */
async function guard(deadline: Moment, { truck }: TruckSurroundings): Promise<void> {
  const mean = await meaning(truck.routerArchive);
  await standGuard(
    () => guardChange(deadline, mean, truck),
    (why) => void process.stderr.write(`${why}\n`),
  );
}
