import { hasErrors, type Policy, readYaml } from '../../../policy/index.ts';
import { isMap } from '../../../policy/plain.ts';
import { readDesired } from '../../../shadow/index.ts';
import { readPolicyText } from '../../read-policy.ts';
import type { Shadow } from '../../truck/cloud.ts';
import type { Draft } from '../../truck/draft.ts';
import type { FleetCloud } from '../cloud.ts';
import { atPace, type Pace } from '../pace.ts';
import { type Standing, standingOf } from './wish.ts';

/** A truck that a policy is to be written for. */
export interface Surveyed {
  readonly thing: string;
  readonly standing: Standing;
  /** What is desired of it now: a policy; null: nothing; undefined: something that can't be told here. */
  readonly present: Policy | null | undefined;
}

/** Which trucks a policy is for. */
export type Target =
  /** The query finds most of the group's trucks in the index. */
  { readonly group: string; readonly query: string } | { readonly things: readonly string[] };

/**
 * The trucks concerned, and what is desired of each: who is in the group says the registry, what is desired the fleet index, and of trucks
 * that it doesn't know yet their shadows. @throws CloudError; ExitError
 */
export async function survey(
  cloud: FleetCloud,
  target: Target,
  draft: Draft,
  { baseline, pace, signal }: { readonly baseline?: string; readonly pace: Pace; readonly signal: AbortSignal },
): Promise<readonly Surveyed[]> {
  const base = baseline === undefined ? undefined : await readBaseline(baseline);
  const shadows = new Map<string, Shadow | null>();
  if ('group' in target) {
    for await (const { thing, network } of cloud.index.search(target.query)) shadows.set(thing, network);
  }
  const things = new Set('group' in target ? await all(cloud.shadows.trucksIn(target.group)) : target.things);
  const unknown = [...things].filter((thing) => !shadows.has(thing));
  await atPace(unknown, pace, signal, async (thing) => {
    shadows.set(thing, await cloud.shadows.read(thing, 'network'));
  });
  signal.throwIfAborted();
  const meant = policies(base);
  return [...things].sort().map((thing) => {
    const shadow = shadows.get(thing) ?? null;
    const standing = standingOf(shadow, draft);
    return { thing, standing, present: meant(thing, shadow, standing.id) };
  });
}

/** What a `desired` means. That of many trucks is the same: it is read once. */
function policies(baseline: unknown) {
  const known = new Map<string, Policy | null | undefined>();
  return (thing: string, shadow: Shadow | null, id: string | null): Policy | null | undefined => {
    if (id === null) return null;
    const desired = shadow?.desired;
    const key = isMap(desired) ? JSON.stringify({ ...desired, thing: undefined, sequence: undefined }) : id;
    if (!known.has(key)) {
      const wish = readDesired(desired, { thing, baseline });
      known.set(key, wish.kind === 'policy' ? wish.policy : wish.kind === 'nothing' ? null : undefined);
    }
    return known.get(key);
  };
}

async function readBaseline(file: string): Promise<unknown> {
  const { value, problems } = readYaml(await readPolicyText(file));
  return hasErrors(problems) ? undefined : value;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
