import * as z from 'zod';
import { nearest } from './nearest.ts';
import { describeValue, isMap } from './plain.ts';
import { type Problem, pathText, shape as say } from './problems.ts';
import { PolicyDocument } from './schema.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** What zod found wrong with the shape of a document, in our words. */
export function schemaProblems(document: unknown, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue) => issueProblems(document, issue));
}

function issueProblems(document: unknown, issue: Issue): Problem[] {
  const path = pathText(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(issue.path);
      return issue.keys.map((key) => say.unknownKey(pathText([...issue.path, key]), key, known, nearest(key, known)));
    }
    case 'invalid_key':
      return [
        say.badName(path, String(issue.path.at(-1)), issue.issues[0]?.message ?? 'another one'),
        ...problemsBehindBadName(document, issue.path),
      ];
    case 'invalid_union': {
      // Who writes a map means the one form that is a map: what is wrong inside is said.
      const inside = isMap(valueAt(document, issue.path)) ? issue.errors.find(isAboutAMap) : undefined;
      if (inside === undefined) return [unexpected(document, issue)];
      return schemaProblems(
        document,
        inside.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
      );
    }
    default:
      return [unexpected(document, issue)];
  }
}

function unexpected(document: unknown, issue: Issue): Problem {
  const path = pathText(issue.path);
  const got = valueAt(document, issue.path);
  return got === undefined
    ? say.missing(path, expectedBy(issue), schemaAt(issue.path)?.description ?? '')
    : say.expected(path, expectedBy(issue), describeValue(got));
}

const isAboutAMap = (issues: readonly Issue[]): boolean =>
  issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys');

/** The end of the sentence "Expected …". */
function expectedBy(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPE_WORDS[issue.expected] ?? issue.expected;
    case 'too_small':
      return issue.origin === 'array' ? 'a list that is not empty' : `a number of at least ${issue.minimum}`;
    case 'too_big':
      return `a number of at most ${issue.maximum}`;
    case 'invalid_value':
      return issue.values.map(String).join(' or ');
    default:
      return issue.message;
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** zod leaves an entry whose name is wrong at that; we also say what is wrong with the entry. */
function problemsBehindBadName(document: unknown, path: Path): Problem[] {
  const result = schemaAt(path)?.safeParse(valueAt(document, path));
  const issues = result?.error?.issues ?? [];
  return schemaProblems(
    document,
    issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] })),
  );
}

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value) && typeof key === 'number') return value[key];
    return isMap(value) && Object.hasOwn(value, key) ? value[String(key)] : undefined;
  }, document);
}

function keysAt(path: Path): string[] {
  const schema = bare(schemaAt(path));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** The part of the schema that a path leads to, if the path leads anywhere. */
function schemaAt(path: Path): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((outer, key) => {
    const schema = bare(outer);
    if (schema instanceof z.ZodObject && Object.hasOwn(schema.shape, key)) return schema.shape[String(key)];
    if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
    if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
    return undefined;
  }, PolicyDocument);
}

/** Without the wrappers that make a field optional; of several forms the one that is a map. */
function bare(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema instanceof z.ZodUnion) return schema.options.map((form) => bare(form as z.ZodType)).find(isObject);
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault
    ? bare(schema.unwrap() as z.ZodType)
    : schema;
}

const isObject = (schema: z.ZodType | undefined): boolean => schema instanceof z.ZodObject;
