/** A query that can't be read; the message is for people. */
export class QuerySyntaxError extends Error {
  override readonly name = 'QuerySyntaxError';
}

export type Token =
  | { readonly kind: '(' | ')' | '[' | ']' | '{' | '}' | ':' | '-' | 'end' }
  | { readonly kind: 'compare'; readonly operator: '<' | '<=' | '>' | '>=' }
  /** `literal`: quoted; its blanks and wildcards are itself. */
  | { readonly kind: 'word'; readonly text: string; readonly literal: boolean };

const SINGLE = '()[]{}:';
/** What the query syntax doesn't support. */
const UNSUPPORTED = "`@#%/';,";
const ENDS_WORD = /[\s()[\]{}:<>"]/;

/** @throws QuerySyntaxError */
export function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    if (/\s/.test(character)) at++;
    else if (SINGLE.includes(character)) {
      found.push({ kind: character as '(' });
      at++;
    } else if (character === '<' || character === '>') {
      const operator = text.charAt(at + 1) === '=' ? (`${character}=` as const) : character;
      found.push({ kind: 'compare', operator });
      at += operator.length;
    } else if (character === '-' && /\S/.test(text.charAt(at + 1)) && !/[\d]/.test(text.charAt(at + 1))) {
      found.push({ kind: '-' });
      at++;
    } else {
      const [token, end] = character === '"' ? quoted(text, at) : word(text, at);
      found.push(token);
      at = end;
    }
  }
  return [...found, { kind: 'end' }];
}

function quoted(text: string, start: number): [Token, number] {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    if (text.charAt(at) === '"') return [{ kind: 'word', text: value, literal: true }, at + 1];
    if (text.charAt(at) === '\\') at++;
    value += text.charAt(at);
  }
  throw new QuerySyntaxError(`the quote at character ${start + 1} is not closed`);
}

function word(text: string, start: number): [Token, number] {
  let value = '';
  let at = start;
  for (; at < text.length && !ENDS_WORD.test(text.charAt(at)); at++) {
    const character = text.charAt(at);
    if (UNSUPPORTED.includes(character))
      throw new QuerySyntaxError(`the character ${character} at ${at + 1} is not supported`);
    if (character === '\\') at++;
    value += text.charAt(at);
  }
  return [{ kind: 'word', text: value, literal: false }, at];
}
