import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { run } from '../../../components/host/run.ts';
import { loadAndKeep, observeRuleset } from '../../../components/network-manager/rulesets.ts';
import { type ObservedRuleset, TAMPERED } from '../../../lib/truck/observed.ts';
import { HOST_TABLE, ROUTER_TABLES } from '../../../lib/truck/ruleset/tables.ts';
import { policyDocument } from '../../lib/policy/arbitrary.ts';
import { compiled, example, policyOf } from '../../lib/truck/support.ts';

/** The real nft and the real kernel, in a network namespace of its own (root is needed). */
const NAMESPACE = `fbt-rulesets-${process.pid}`;
const NETNS = `/run/netns/${NAMESPACE}`;
let listings: string;

// On a busy machine.
jest.setTimeout(60_000);

beforeAll(async () => {
  await run(['ip', 'netns', 'add', NAMESPACE]);
  listings = await mkdtemp(join(tmpdir(), 'firebreak-listings-'));
});

afterAll(async () => {
  await run(['ip', 'netns', 'delete', NAMESPACE]);
  await rm(listings, { recursive: true });
});

const rulesetOf = (name: string) => compiled(example(name)).router.configuration.ruleset;
const observed = () => observeRuleset(ROUTER_TABLES, listings, NETNS);
const nft = (...argv: string[]) => run(['nft', ...argv], { netns: NETNS });

test('the kernel takes the rulesets of any policy, one after the other, and each is recognised as loaded', async () => {
  const documents = fc.sample(policyDocument(), { numRuns: 25, seed: 20 });
  for (const ruleset of documents.map(
    (document) => compiled(policyOf(JSON.stringify(document))).router.configuration.ruleset,
  )) {
    await loadAndKeep(ruleset, ROUTER_TABLES, listings, NETNS);
    expect(await observed()).toBe(ruleset.fingerprint);
  }
});

test('and the host’s, with and without a host link', async () => {
  const [withLink, without] = [compiled(example('article.yaml')), compiled(example('station.yaml'))];
  expect([withLink, without].map(({ hostLink }) => hostLink?.bridge)).toEqual(['fb-host', undefined]);
  for (const { hostRuleset } of [without, withLink, without]) {
    await loadAndKeep(hostRuleset, [HOST_TABLE], listings, NETNS);
    expect(await observeRuleset([HOST_TABLE], listings, NETNS)).toBe(hostRuleset.fingerprint);
  }
});

test('a ruleset loaded again, in whatever order the kernel now keeps its sets, is still the same', async () => {
  const ruleset = rulesetOf('station.yaml');
  for (let round = 0; round < 5; round++) {
    await loadAndKeep(ruleset, ROUTER_TABLES, listings, NETNS);
    expect(await observed()).toBe(ruleset.fingerprint);
    await run(['nft', '-f', '-'], { input: ruleset.text, netns: NETNS });
    expect(await observed()).toBe(ruleset.fingerprint);
  }
});

const TAMPERINGS: readonly (readonly [string, readonly string[], ObservedRuleset])[] = [
  ['a rule is inserted', ['insert', 'rule', 'inet', 'firebreak', 'forward', 'accept'], TAMPERED],
  ['a chain is flushed', ['flush', 'chain', 'inet', 'firebreak', 'prerouting'], TAMPERED],
  ['a policy is changed', ['add', 'chain', 'inet', 'firebreak', 'forward', '{ policy accept; }'], TAMPERED],
  ['the table is deleted', ['delete', 'table', 'inet', 'firebreak'], null],
  ['a rule is inserted into the relay', ['insert', 'rule', 'ip', 'firebreak_relay', 'relay', 'drop'], TAMPERED],
  ['the relay is flushed', ['flush', 'chain', 'ip', 'firebreak_relay', 'messages'], TAMPERED],
  ['the relay’s table is deleted', ['delete', 'table', 'ip', 'firebreak_relay'], null],
  ['everything is flushed', ['flush', 'ruleset'], null],
];

test.each(TAMPERINGS)('%s: that is seen', async (_what, command, left) => {
  const ruleset = rulesetOf('station.yaml');
  await loadAndKeep(ruleset, ROUTER_TABLES, listings, NETNS);
  expect(await observed()).toBe(ruleset.fingerprint);
  await nft(...command);
  expect(await observed()).toBe(left);
});

test('a ruleset whose listing nobody kept counts as tampered with', async () => {
  const ruleset = rulesetOf('article.yaml');
  await loadAndKeep(ruleset, ROUTER_TABLES, listings, NETNS);
  await rm(join(listings, ROUTER_TABLES[0].join('-')));
  expect(await observed()).toBe(TAMPERED);
});

test('a swap keeps the base chains: their handles don’t change', async () => {
  const handles = async () => (await nft('-a', 'list', 'ruleset')).match(/chain \w+ \{ # handle \d+/g);
  await loadAndKeep(rulesetOf('article.yaml'), ROUTER_TABLES, listings, NETNS);
  const before = await handles();
  await loadAndKeep(rulesetOf('station.yaml'), ROUTER_TABLES, listings, NETNS);
  expect(await handles()).toEqual(before);
  expect(before).toHaveLength(17);
});
