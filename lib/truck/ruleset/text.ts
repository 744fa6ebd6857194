import { fingerprint } from '../fingerprint.ts';
import type { Ruleset } from '../network.ts';

/** Replaced by the ruleset's fingerprint; it is taken over the text that still holds this word. */
const FINGERPRINT = 'FINGERPRINT';
/** Stands in a rule for a number that follows from the fingerprint: 32 bits, not 0. `REVISION_MARK_7` stands for another one. */
export const REVISION_MARK = 'REVISION_MARK';
const MARKS = /REVISION_MARK(?:_(\d+))?/g;
const FINGERPRINT_COMMENT = /comment "firebreak ([0-9a-f]{12})"/;

/** A base chain: made once with its hook, never deleted while the truck runs (nft(8), "CHAINS"). */
export interface BaseChain {
  readonly name: string;
  readonly hook: string;
  readonly policy: 'accept' | 'drop';
  readonly rules: readonly string[];
}

/** A regular chain, reached by jump. */
export interface RegularChain {
  readonly name: string;
  readonly rules: readonly string[];
}

export interface Table {
  readonly family: 'inet' | 'ip' | 'arp' | 'bridge';
  readonly table: string;
  readonly chains: readonly (BaseChain | RegularChain)[];
  /** Declarations of named sets; what is in them stays. */
  readonly sets?: readonly string[];
}

/**
 * Text for one `nft -f` transaction that makes the tables what is given, whatever they were before: the chains are declared
 * (their hooks stay if they are there), the table is flushed of rules, the rules are added. Measured under a packet flood this
 * lets nothing forbidden pass and loses nothing allowed, unlike `delete table` (which leaves a moment without hooks). Each table carries the
 * fingerprint of all.
 */
export function tablesRuleset(tables: readonly Table[]): Ruleset {
  const template = tables.map(tableText).join('');
  const hash = fingerprint(template);
  const markNumbered = (_word: string, number = '') =>
    markFrom(number === '' ? hash : fingerprint(`${hash} ${number}`));
  return { fingerprint: hash, text: template.replaceAll(FINGERPRINT, hash).replace(MARKS, markNumbered) };
}

/** The same for one table. */
export function tableRuleset(
  family: Table['family'],
  table: string,
  chains: Table['chains'],
  sets: Table['sets'] = [],
): Ruleset {
  return tablesRuleset([{ family, table, chains, sets }]);
}

function tableText({ family, table, chains, sets = [] }: Table): string {
  const name = `${family} ${table}`;
  const declarations = chains.map((chain) =>
    'hook' in chain
      ? `  chain ${chain.name} { type ${chain.hook}; policy ${chain.policy}; }`
      : `  chain ${chain.name} { }`,
  );
  const bodies = chains.flatMap((chain) => [
    `  chain ${chain.name} {`,
    ...chain.rules.map((rule) => `    ${rule}`),
    '  }',
  ]);
  return [
    `table ${name} {`,
    '  chain revision { }',
    ...sets.map((set) => `  ${set}`),
    ...declarations,
    '}',
    `flush table ${name}`,
    `table ${name} {`,
    `  chain revision { counter comment "firebreak ${FINGERPRINT}"; }`,
    ...bodies,
    '}',
    '',
  ].join('\n');
}

const markFrom = (hash: string): string => `0x${(Number.parseInt(hash.slice(0, 8), 16) || 1).toString(16)}`;

/** The fingerprint that a listed table carries, or null. */
export function carriedFingerprint(listing: string): string | null {
  return FINGERPRINT_COMMENT.exec(listing)?.[1] ?? null;
}

/**
 * A listing (`nft -s -t list table`) in a form that is equal for equal rulesets: the kernel keeps the elements of a set in an
 * order of its own, and white space differs between versions of nft.
 */
export function canonicalListing(listing: string): string {
  return listing
    .replace(/\s+/g, ' ')
    .replace(/\{ ([^{}]*) \}/g, (_braces, elements: string) => `{ ${elements.split(', ').sort().join(', ')} }`)
    .trim();
}

/** An anonymous set or map; sorted, so that the text depends on its members only. Anonymous, because such a set is swapped together with its rule. */
export function elements(members: readonly string[]): string {
  return `{ ${[...new Set(members)].sort().join(', ')} }`;
}

/** nft knows no empty anonymous set: a rule over nothing is left out. */
export function when<T = string>(members: readonly unknown[], rule: T): readonly T[] {
  return members.length > 0 ? [rule] : [];
}
