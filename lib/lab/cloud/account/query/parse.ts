import type { Bound, Query } from './query.ts';
import { QuerySyntaxError, type Token, tokens } from './tokens.ts';

const MOST_TERMS = 12;
const LONGEST = 1000;
const LONGEST_WITH_LEADING_WILDCARD = 100;

/** Reads a query, limits included: 12 terms, 1,000 characters, and one leading wildcard within 100. @throws QuerySyntaxError */
export function parseQuery(text: string): Query {
  if (text.length > LONGEST) throw new QuerySyntaxError(`the query is longer than ${LONGEST} characters`);
  const parser = new Parser(tokens(text));
  const query = parser.whole();
  if (parser.terms > MOST_TERMS) throw new QuerySyntaxError(`the query has more than ${MOST_TERMS} terms`);
  if (parser.leadingWildcards > 1) throw new QuerySyntaxError('only one term may begin with a wildcard');
  if (parser.leadingWildcards === 1 && text.length > LONGEST_WITH_LEADING_WILDCARD)
    throw new QuerySyntaxError(
      `a query with a leading wildcard has at most ${LONGEST_WITH_LEADING_WILDCARD} characters`,
    );
  return query;
}

/** or := and ("OR" and)*; and := not (["AND"] not)*; not := ("NOT" | "-") not | primary. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  terms = 0;
  leadingWildcards = 0;

  constructor(all: readonly Token[]) {
    this.#tokens = all;
  }

  whole(): Query {
    const query = this.#or(undefined);
    if (this.#next.kind !== 'end') throw new QuerySyntaxError(`${said(this.#next)} is not expected`);
    return query;
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end' };
  }

  #take(): Token {
    const token = this.#next;
    this.#at++;
    return token;
  }

  #expect(kind: Token['kind']): void {
    const token = this.#take();
    if (token.kind !== kind) throw new QuerySyntaxError(`${kind} is expected, not ${said(token)}`);
  }

  #isKeyword(keyword: string): boolean {
    const token = this.#next;
    return token.kind === 'word' && !token.literal && token.text === keyword;
  }

  #or(field: string | undefined): Query {
    const parts = [this.#and(field)];
    while (this.#isKeyword('OR')) {
      this.#take();
      parts.push(this.#and(field));
    }
    return joined('or', parts);
  }

  #and(field: string | undefined): Query {
    const parts = [this.#not(field)];
    while (this.#isKeyword('AND') || this.#beginsPart()) {
      if (this.#isKeyword('AND')) this.#take();
      parts.push(this.#not(field));
    }
    return joined('and', parts);
  }

  #beginsPart(): boolean {
    const { kind } = this.#next;
    return (kind === 'word' && !this.#isKeyword('OR')) || kind === '(' || kind === '-';
  }

  #not(field: string | undefined): Query {
    if (!this.#isKeyword('NOT') && this.#next.kind !== '-') return this.#primary(field);
    this.#take();
    return { kind: 'not', part: this.#not(field) };
  }

  #primary(field: string | undefined): Query {
    const token = this.#next;
    if (token.kind === '(') return this.#group(field);
    if (token.kind === '[' || token.kind === '{') return this.#range(field);
    if (token.kind !== 'word' || this.#isKeyword('AND') || this.#isKeyword('OR'))
      throw new QuerySyntaxError(`a term is expected, not ${said(token)}`);
    this.#take();
    if (this.#next.kind === ':') {
      if (field !== undefined) throw new QuerySyntaxError(`${token.text} stands within the field ${field}`);
      this.#take();
      return this.#value(token.text);
    }
    if (this.#next.kind === 'compare') return this.#comparison(token.text);
    return this.#term(field, token.text, token.literal);
  }

  #value(field: string): Query {
    const token = this.#next;
    if (token.kind === '(') return this.#group(field);
    if (token.kind === '[' || token.kind === '{') return this.#range(field);
    if (token.kind === 'compare') return this.#comparison(field);
    if (token.kind !== 'word') throw new QuerySyntaxError(`${field}: a value is expected, not ${said(token)}`);
    this.#take();
    return this.#term(field, token.text, token.literal);
  }

  #group(field: string | undefined): Query {
    this.#expect('(');
    const inner = this.#or(field);
    this.#expect(')');
    return inner;
  }

  #comparison(field: string): Query {
    const token = this.#take();
    if (token.kind !== 'compare') throw new QuerySyntaxError(`${field}: a comparison is expected`);
    const bound: Bound = { value: this.#word(), inclusive: token.operator.endsWith('=') };
    this.terms++;
    return { kind: 'range', field, ...(token.operator.startsWith('<') ? { to: bound } : { from: bound }) };
  }

  #range(field: string | undefined): Query {
    const open = this.#take();
    const from = { value: this.#word(), inclusive: open.kind === '[' };
    if (!this.#isKeyword('TO')) throw new QuerySyntaxError(`TO is expected in a range, not ${said(this.#next)}`);
    this.#take();
    const to = this.#word();
    const close = this.#take();
    if (close.kind !== ']' && close.kind !== '}') throw new QuerySyntaxError('the range is not closed');
    this.terms++;
    const upper = { value: to, inclusive: close.kind === ']' };
    return {
      kind: 'range',
      ...(field !== undefined && { field }),
      ...(from.value !== '*' && { from }),
      ...(upper.value !== '*' && { to: upper }),
    };
  }

  #word(): string {
    const token = this.#take();
    if (token.kind !== 'word') throw new QuerySyntaxError(`a value is expected, not ${said(token)}`);
    return token.text;
  }

  #term(field: string | undefined, text: string, literal: boolean): Query {
    this.terms++;
    if (field === undefined && text === '*' && !literal) return { kind: 'all' };
    if (!literal && /^[*?]./.test(text)) this.leadingWildcards++;
    return { kind: 'term', ...(field !== undefined && { field }), pattern: text.toLowerCase(), literal };
  }
}

function joined(kind: 'and' | 'or', parts: readonly Query[]): Query {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind, parts };
}

function said(token: Token): string {
  if (token.kind === 'word') return token.text;
  if (token.kind === 'end') return 'the end';
  return token.kind === 'compare' ? token.operator : token.kind;
}
