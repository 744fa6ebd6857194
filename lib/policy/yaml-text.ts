import { Composer, type CST, type Document, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser } from 'yaml';
import { type Problem, pathText, text as say, WHOLE } from './problems.ts';

/** In characters; 20,000 flows fit. */
const MAX_LENGTH = 2 * 1024 * 1024;
/** How deep the parser's stack may grow. A policy needs 12; the library's next stage is recursive and survives some thousands. */
const MAX_STACK = 40;
/** Words, brackets, spaces and so on: a policy of 20,000 flows has about 600,000. */
const MAX_LEXEMES = 1_000_000;
const MAX_SYNTAX_PROBLEMS = 20;

/** What a text says. Without a value it could not be read; with one there may be problems all the same. */
interface TextReading {
  readonly value?: unknown;
  readonly problems: readonly Problem[];
}

/**
 * Reads YAML 1.2, and so JSON too, from a source that is not trusted: of bounded size and depth, without aliases (which can
 * multiply), tags (which can mean anything), duplicate keys (of which one silently wins) and further documents.
 */
export function readYaml(text: string): TextReading {
  if (text.length > MAX_LENGTH) return { problems: [say.tooLarge(text.length, MAX_LENGTH)] };
  const lines = new LineCounter();
  const { tokens, failure } = parse(text, lines);
  if (failure !== undefined) return { problems: [failure] };

  const composer = new Composer({
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const [document, another] = composer.compose(tokens, true, text.length);
  if (document === undefined) return { problems: [say.empty()] };
  if (document.errors.length > 0) return { problems: syntaxProblems(document, lines) };
  if (another !== undefined) return { problems: [say.several()] };
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return { problems: [say.empty()] };
  }
  const problems = [...refusals(document.contents, [], lines)];
  // A key that is there twice can still be read; whatever has no path of its own cannot.
  return problems.some(({ path }) => path === WHOLE) ? { problems } : { value: document.toJS(), problems };
}

/** Strictly JSON. Reading it as YAML first says where it is wrong, and finds duplicate keys, which JSON.parse does not. */
export function readJson(text: string): TextReading {
  const reading = readYaml(text);
  if (reading.problems.length > 0) return reading;
  try {
    return { value: JSON.parse(text.replace(/^\uFEFF/, '')), problems: [] };
  } catch (error) {
    return { problems: [say.notJson(error instanceof Error ? error.message : String(error))] };
  }
}

/** The first stage, which keeps its own stack, so that depth can be bounded before anything recursive sees the text. */
function parse(text: string, lines: LineCounter): { tokens: CST.Token[]; failure?: Problem } {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > MAX_STACK) return { tokens, failure: say.tooDeep(placeOf(parser.offset, lines)) };
    if (++lexemes > MAX_LEXEMES) return { tokens, failure: say.tooManyWords(MAX_LEXEMES) };
    // Past so many errors the rest is noise; composing it would cost seconds.
    if (tokens.at(-1)?.type === 'error' && errorsIn(tokens) > MAX_SYNTAX_PROBLEMS) break;
  }
  for (const token of parser.end()) tokens.push(token);
  return { tokens };
}

function errorsIn(tokens: readonly CST.Token[]): number {
  return tokens.filter(({ type }) => type === 'error').length;
}

function syntaxProblems({ errors }: Document.Parsed, lines: LineCounter): Problem[] {
  const shown = errors.slice(0, MAX_SYNTAX_PROBLEMS);
  const problems = shown.map((error) => say.syntax(placeOf(error.pos[0], lines), error.message));
  return errors.length > shown.length ? [...problems, say.moreSyntax(errors.length - shown.length)] : problems;
}

/** What YAML can say and a policy must not. */
function* refusals(node: unknown, path: readonly PropertyKey[], lines: LineCounter): Iterable<Problem> {
  if (isAlias(node)) yield say.alias(placeOf(node.range?.[0], lines), node.source);
  if (isScalar(node) || isMap(node) || isSeq(node)) {
    if (node.tag !== undefined) yield say.tag(placeOf(node.range?.[0], lines), node.tag);
  }
  if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) yield* refusals(item, [...path, index], lines);
  }
  if (isMap(node)) {
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      if (!isScalar(key)) {
        yield say.complexKey(placeOf(node.range?.[0], lines));
        continue;
      }
      const name = String(key.value);
      if (seen.has(name)) yield say.duplicateKey(pathText([...path, name]), placeOf(key.range?.[0], lines));
      seen.add(name);
      yield* refusals(value, [...path, name], lines);
    }
  }
}

function placeOf(offset: number | undefined, lines: LineCounter): string {
  const { line, col } = lines.linePos(offset ?? 0);
  return `Line ${line}, column ${col}`;
}
