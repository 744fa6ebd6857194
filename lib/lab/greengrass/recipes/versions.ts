/** Versions and requirements as recipes have them: semantic versions, and ranges in npm's notation. */

interface Version {
  readonly numbers: readonly [number, number, number];
  readonly pre: readonly string[];
}

const VERSION = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;
const COMPARATOR = /^(>=|<=|>|<|=|\^|~)?\s*v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?$/;

export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** By precedence (semver 2.0, section 11): negative if `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return left === undefined || right === undefined ? a.localeCompare(b) : compare(left, right);
}

/** Is this a requirement that can be understood? */
export function isRequirement(text: string): boolean {
  return parseRequirement(text) !== undefined;
}

/** `>=2.0.0 <3.0.0`, `^1.2`, `~1.2.3`, `1.x`, `1.2.3 || 2.0.0`; a preliminary version only if it is named. */
export function satisfies(version: string, requirement: string): boolean {
  const parsed = parseVersion(version);
  if (parsed === undefined) return false;
  return (parseRequirement(requirement) ?? []).some(
    (bounds) =>
      bounds.every(({ operator, than }) => holds(compare(parsed, than), operator)) &&
      (parsed.pre.length === 0 || bounds.some(({ than }) => than.pre.length > 0 && same(than.numbers, parsed.numbers))),
  );
}

interface Bound {
  readonly operator: '>=' | '<=' | '>' | '<' | '=';
  readonly than: Version;
}

function parseRequirement(text: string): Bound[][] | undefined {
  const alternatives = text.split('||').map((alternative) => {
    const words = alternative.replace(/(>=|<=|>|<|=|\^|~)\s+/g, '$1').trim();
    const bounds = (words === '' ? ['*'] : words.split(/[\s,]+/)).map(parseComparator);
    return bounds.every((bound) => bound !== undefined) ? bounds.flat() : undefined;
  });
  return alternatives.every((bounds) => bounds !== undefined) ? alternatives : undefined;
}

function parseComparator(text: string): Bound[] | undefined {
  const match = COMPARATOR.exec(text);
  if (match === null) return undefined;
  const [, operator, ...parts] = match;
  const given = parts.slice(0, 3).map((part) => (part === undefined || /[xX*]/.test(part) ? undefined : Number(part)));
  const known = given.indexOf(undefined) === -1 ? 3 : given.indexOf(undefined);
  const [major = 0, minor = 0, patch = 0] = given.slice(0, known);
  const low: Version = { numbers: [major, minor, patch], pre: known === 3 ? preOf(parts[3]) : [] };
  /** The first version that differs in this number: 0 for the major. */
  const next = (place: number): Version => {
    const numbers = [major, minor, patch].map((part, at) => (at < place ? part : at === place ? part + 1 : 0));
    return { numbers: [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0], pre: ['0'] };
  };
  const from = (version: Version): Bound => ({ operator: '>=', than: version });
  const below = (version: Version): Bound => ({ operator: '<', than: version });
  if (known === 0) return [from(low)];
  switch (operator) {
    case '^': {
      const first = low.numbers.findIndex((part, at) => part > 0 || at === known - 1);
      return [from(low), below(next(first))];
    }
    case '~':
      return [from(low), below(next(Math.min(known - 1, 1)))];
    case '>':
      return known === 3 ? [{ operator, than: low }] : [from({ ...next(known - 1), pre: [] })];
    case '<=':
      return known === 3 ? [{ operator, than: low }] : [below(next(known - 1))];
    case '>=':
    case '<':
      return [{ operator, than: low }];
    default:
      return known === 3 ? [{ operator: '=', than: low }] : [from(low), below(next(known - 1))];
  }
}

function holds(comparison: number, operator: Bound['operator']): boolean {
  switch (operator) {
    case '>=':
      return comparison >= 0;
    case '<=':
      return comparison <= 0;
    case '>':
      return comparison > 0;
    case '<':
      return comparison < 0;
    case '=':
      return comparison === 0;
  }
}

function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  return { numbers: [Number(match[1]), Number(match[2]), Number(match[3])], pre: preOf(match[4]) };
}

function preOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split('.');
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.every((part, at) => part === b[at]);
}

function compare(a: Version, b: Version): number {
  for (const at of [0, 1, 2] as const) if (a.numbers[at] !== b.numbers[at]) return a.numbers[at] - b.numbers[at];
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (let at = 0; at < Math.max(a.pre.length, b.pre.length); at++) {
    const [left, right] = [a.pre[at], b.pre[at]];
    if (left === right) continue;
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    const [leftIsNumber, rightIsNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (leftIsNumber && rightIsNumber) return Number(left) - Number(right);
    if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return 0;
}
