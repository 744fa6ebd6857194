import {
  CarelessTruck,
  type Countermeasures,
  countermeasuresOf,
} from '../components/isolation-tester/careless-truck.ts';
import { type LayerTrial, POLICIES, type PolicyName } from '../components/isolation-tester/layer-trial.ts';
import { LAYER_TRIALS } from '../components/isolation-tester/trials.ts';
import { Conversations } from '../components/network-manager/conversations.ts';
import { CHANGING, LIVE_CHANGES } from '../components/network-manager/live-changes.ts';
import { compiled } from '../lib/truck/support.ts';
import { allHold, firstToFail, type Outcome } from './kill.ts';
import { type Mutation, mutations } from './mutations.ts';
import { without } from './ruleset.ts';

/** The article's truck: everything that can be taken out of it. */
export const articleMutations = (): readonly Mutation[] =>
  mutations(wholeOf('article.yaml'))
    .filter(isNoSwap)
    .filter((mutation) => !isBetweenSegments(mutation));

/** The station's: what flows and broadcasts add. Of sets only those that the article doesn't have in this form. */
export const stationMutations = (): readonly Mutation[] =>
  mutations(wholeOf('station.yaml'))
    .filter((mutation) => isNoSwap(mutation) && !isBetweenSegments(mutation))
    .filter(
      ({ change }) =>
        change?.takes !== 'element' ||
        RELAY.test(change.chain) ||
        /tcp dport \{|ip saddr [\d./]+ ip daddr|sport 68|dport 53/.test(change.rule),
    );

/** Chains of the relay. */
const RELAY = /^(relay|messages|copies)$/;

/** Between segments, and between the host and them: where addresses are public, nothing but this tells them from the internet. */
const BETWEEN_SEGMENTS =
  /^across ip daddr [\d.]+\/\d+ goto count_and_drop$|^output oifname "fb-host" ip daddr [\d.]+\/(?!8|10|12|15|16|3)\d+ counter drop$/;
const isBetweenSegments = ({ change }: Mutation) => BETWEEN_SEGMENTS.test(`${change?.chain} ${ruleOf(change)}`);

export const publicMutations = (): readonly Mutation[] =>
  mutations(wholeOf('public addresses')).filter(isBetweenSegments);

/** What flows with terms add: what is over must not be in force, and what is in force must not be missing. */
export const termMutations = (): readonly Mutation[] =>
  mutations(wholeOf('flows with terms'))
    .filter(({ change }) => {
      if (change === undefined || change.takes === 'policy' || !/meta time/.test(change.rule)) return false;
      if (change.chain === 'forward' && /ct mark/.test(change.rule)) return false;
      const isInForce = !OUT_OF_FORCE.test(change.rule);
      return change.takes === 'condition' ? OUT_OF_FORCE.test(change.condition) : isInForce;
    })
    .filter(isNoSwap);

/** Terms that ended before this day, or begin in centuries. */
const OUT_OF_FORCE = /meta time (< 1609459200|>= 13569465600) /;

/** The router's ruleset while it is swapped: what says who goes on talking. */
export const conversationMutations = (): readonly Mutation[] => {
  const { router } = countermeasuresOf(compiled(CHANGING));
  const nothing: Countermeasures = { host: '', edge: '', router: '', sysctls: [], routerSysctls: [] };
  return mutations({ ...nothing, router }).filter(
    ({ change }) => change !== undefined && SWAPPED.includes(change.chain),
  );
};

/** Chains that matter when a ruleset takes another one's place; `answers` matter only then. */
const SWAPPED = ['forward', 'openings', 'answers', 'internet_answers'];
const isNoSwap = ({ change }: Mutation) => change === undefined || !/answers/.test(change.chain + ruleOf(change));
const ruleOf = (change: Mutation['change']) => (change !== undefined && 'rule' in change ? change.rule : '');
const wholeOf = (name: PolicyName) => countermeasuresOf(compiled(POLICIES[name]()));

/** Who is told what became of each, and whether to go on. */
export interface Run {
  readonly report: (outcome: Outcome) => void;
  readonly signal: AbortSignal;
}

/** Tries them in network namespaces of this machine's kernel. @throws Error if tests fail without a mutation, before or afterwards */
export async function onCarelessTruck(
  name: PolicyName,
  all: readonly Mutation[],
  { report, signal }: Run,
): Promise<void> {
  if (all.length === 0) return;
  const trials = LAYER_TRIALS.filter(({ policies }) => policies.includes(name));
  const truck = await CarelessTruck.make(POLICIES[name]());
  try {
    await allHold(trials, truck);
    for (const { name: mutation, layer, countermeasures } of all) {
      signal.throwIfAborted();
      const begun = performance.now();
      const mutate = () => truck.countermeasures(countermeasures);
      mutate();
      const concerned = trials.filter(({ layers }) => layers.includes(layer)).sort(byHope(mutation));
      const killed = await firstToFail(concerned, truck, mutate);
      report({ truck: name, mutation, ...killed, seconds: secondsSince(begun) });
    }
    truck.countermeasures();
    await allHold(trials, truck);
  } finally {
    await truck.remove();
  }
}

/** First who is about it; then few layers: they hide least. */
const byHope = (mutation: string) => (a: LayerTrial, b: LayerTrial) =>
  Number(b.about?.test(mutation) ?? false) - Number(a.about?.test(mutation) ?? false) ||
  a.layers.length - b.layers.length;

/** The same with conversations that go on while rulesets are swapped. */
export async function inConversations(all: readonly Mutation[], { report, signal }: Run): Promise<void> {
  if (all.length === 0) return;
  const there = await Conversations.make();
  try {
    await allHold(LIVE_CHANGES, there);
    for (const { name: mutation, change } of all) {
      signal.throwIfAborted();
      const begun = performance.now();
      there.changing((ruleset) => (change === undefined ? ruleset : (without(ruleset, change, true) ?? ruleset)));
      // Whether an answer or a question comes first after a swap is chance: who survives is tried once more.
      const once = await firstToFail(LIVE_CHANGES, there);
      const killed = once.killedBy === undefined ? await firstToFail(LIVE_CHANGES, there) : once;
      report({ truck: 'conversations', mutation, ...killed, seconds: secondsSince(begun) });
    }
    there.changing((ruleset) => ruleset);
    await allHold(LIVE_CHANGES, there);
  } finally {
    await there.remove();
  }
}

const secondsSince = (begun: number) => Math.round(performance.now() - begun) / 1000;
