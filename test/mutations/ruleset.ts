/** A ruleset as `tableRuleset` writes it (lib/truck/ruleset/text.ts), read back as far as something can be taken out of it. PURE. */

/** One thing taken out of a ruleset. Rules are written with `REVISION` for the mark that follows from a ruleset's fingerprint. */
export type RulesetChange =
  | { readonly takes: 'rule'; readonly chain: string; readonly rule: string }
  | {
      readonly takes: 'element';
      readonly chain: string;
      readonly rule: string;
      readonly element: string;
      /** Which of the rule's sets, counted from 0. */
      readonly set: number;
    }
  /** One of the conditions of a rule that has all of them because each keeps somebody out. */
  | { readonly takes: 'condition'; readonly chain: string; readonly rule: string; readonly condition: string }
  /** The chain accepts what none of its rules decides. */
  | { readonly takes: 'policy'; readonly chain: string };

/** The chain that carries the fingerprint decides nothing. */
const REVISION_CHAIN = 'revision';
const DECLARATION = /^ {2}chain (\w+) \{ type [^;]*; policy drop; \}$/;
const BODY = /^ {2}chain (\w+) \{$/;
const RULE = /^ {4}(\S.*)$/;
const MARK = /(ct mark (?:set )?)0x[0-9a-f]+/g;
/** Of a flow's term (lib/truck/ruleset/term.ts). */
const TIME = /meta time (?:<|>=) \d+ /g;
const SET = /\{ ([^{}]*) \}/g;
/** What the relay asks before it takes a message (lib/truck/ruleset/relay.ts). */
const RELAY_CHAIN = 'messages';
const CONDITION =
  /(?:iifgroup|ether saddr|ip saddr|udp dport|ip hdrlength) \S+ |ip daddr \{[^}]*\} |ip length <= \d+ |limit rate \S+ burst \d+ packets /g;

interface Line {
  readonly text: string;
  readonly chain?: string;
  readonly rule?: string;
  readonly drops?: true;
}

function linesOf(ruleset: string): readonly Line[] {
  let chain: string | undefined;
  return ruleset.split('\n').map((text): Line => {
    const declared = DECLARATION.exec(text)?.[1];
    if (declared !== undefined) return { text, chain: declared, drops: true };
    chain = BODY.exec(text)?.[1] ?? (text === '  }' ? undefined : chain);
    const rule = RULE.exec(text)?.[1];
    if (chain === undefined || chain === REVISION_CHAIN || rule === undefined) return { text };
    return { text, chain, rule: rule.replace(MARK, '$1REVISION') };
  });
}

/** Everything that can be taken out of it, each once: rules, the elements of their sets, and what chains deny by default. */
export function rulesetChanges(ruleset: string): readonly RulesetChange[] {
  return linesOf(ruleset).flatMap(({ chain, rule, drops }): readonly RulesetChange[] => {
    if (chain === undefined) return [];
    if (drops) return [{ takes: 'policy', chain }];
    if (rule === undefined) return [];
    const elements = setsOf(rule).flatMap((members, set) =>
      members.length > 1 ? members.map((element) => ({ takes: 'element', chain, rule, element, set }) as const) : [],
    );
    const conditions = [
      ...[...rule.matchAll(TIME)].map(([condition]) => condition),
      ...(chain === RELAY_CHAIN ? (rule.match(CONDITION) ?? []) : []),
    ].map((condition) => ({ takes: 'condition', chain, rule, condition }) as const);
    return [{ takes: 'rule', chain, rule }, ...elements, ...conditions];
  });
}

const setsOf = (rule: string): readonly (readonly string[])[] =>
  [...rule.matchAll(SET)].map(([, members = '']) => members.split(', '));

/**
 * The ruleset without it, or null if it isn't in there.
 * @param likes a rule of the same form is taken for the same, whatever else is in its sets: for another policy's ruleset
 */
export function without(ruleset: string, change: RulesetChange, likes = false): string | null {
  const isIt = (rule: string | undefined) =>
    rule !== undefined &&
    change.takes !== 'policy' &&
    (likes ? formOf(rule) === formOf(change.rule) && holds(rule, change) : rule === change.rule);
  let found = false;
  const lines = linesOf(ruleset).flatMap(({ text, chain, rule, drops }) => {
    if (found || chain !== change.chain) return [text];
    if (change.takes === 'policy') {
      if (drops !== true) return [text];
      found = true;
      return [text.replace('policy drop;', 'policy accept;')];
    }
    if (!isIt(rule)) return [text];
    found = true;
    if (change.takes === 'rule') return [];
    return change.takes === 'condition' ? [withoutCondition(text, change)] : withoutElement(text, change);
  });
  return found ? lines.join('\n') : null;
}

const formOf = (rule: string): string => rule.replace(SET, '{}').replace(TIME, (time) => time.replace(/\d+/, 'MOMENT'));
const holds = (rule: string, change: RulesetChange): boolean =>
  change.takes !== 'element' || (setsOf(rule)[change.set]?.includes(change.element) ?? false);

/** Of a time: in another policy's ruleset the moment is another one. */
function withoutCondition(text: string, { condition }: Extract<RulesetChange, { takes: 'condition' }>): string {
  if (!condition.startsWith('meta time')) return text.replace(condition, '');
  const comparison = condition.replace(/\d+ $/, '');
  return text.replace(TIME, (time) => (time.startsWith(comparison) ? '' : time));
}

/** A set that is left empty takes its rule with it. */
function withoutElement(
  text: string,
  { element, set }: Extract<RulesetChange, { takes: 'element' }>,
): readonly string[] {
  let position = 0;
  const changed = text.replace(SET, (whole, members: string) =>
    position++ === set
      ? `{ ${members
          .split(', ')
          .filter((member) => member !== element)
          .join(', ')} }`
      : whole,
  );
  return changed.includes('{  }') ? [] : [changed];
}

/** In words. */
export function nameOfChange(change: RulesetChange): string {
  if (change.takes === 'policy') return `${change.chain}: accept by default`;
  const { chain, rule } = change;
  if (change.takes === 'rule') return `${chain}: without “${rule}”`;
  if (change.takes === 'condition') return `${chain}: without ${change.condition}of “${rule}”`;
  const which = setsOf(rule).length > 1 ? ` in set ${change.set + 1}` : '';
  return `${chain}: without ${change.element}${which} of “${rule}”`;
}
