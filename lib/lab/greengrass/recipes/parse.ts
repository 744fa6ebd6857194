import { type Document, parseDocument } from 'yaml';
import type * as z from 'zod';
import { checkRecipe } from './checks.ts';
import type { RecipeProblem } from './problem.ts';
import { Recipe } from './schema.ts';

/** In bytes: what the service takes. */
const MAX_BYTES = 16_000;

/** What came of a text: a recipe, or why not. */
export type ParsedRecipe = { readonly recipe: Recipe } | { readonly problems: readonly RecipeProblem[] };

/** Reads and checks a recipe in YAML or JSON. Pure; it never throws, and tells all that is wrong at once. */
export function parseRecipe(text: string): ParsedRecipe {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) return { problems: [whole(`it has ${bytes} bytes; at most ${MAX_BYTES} are taken`)] };
  const document = parseDocument(text);
  if (document.errors.length > 0) return { problems: document.errors.map(({ message }) => whole(message)) };
  const parsed = Recipe.safeParse(contentOf(document));
  if (!parsed.success) return { problems: parsed.error.issues.flatMap(toProblems) };
  const problems = checkRecipe(parsed.data);
  return problems.length > 0 ? { problems } : { recipe: parsed.data };
}

/** An alias that leads nowhere, or to too much, is found out late. */
function contentOf(document: Document): unknown {
  try {
    return document.toJS();
  } catch {
    return undefined;
  }
}

function whole(message: string): RecipeProblem {
  return { path: 'recipe', message };
}

function toProblems(issue: z.core.$ZodIssue): RecipeProblem[] {
  const path = issue.path.join('.') || 'recipe';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: issue.path.length === 0 ? key : `${path}.${key}`,
      message: 'no key of recipes; mind its spelling, also capital and small letters',
    }));
  }
  if (issue.code === 'invalid_union') {
    // Of the possible shapes the one that came nearest says most.
    const nearest = issue.errors.reduce((a, b) => (depth(b) > depth(a) ? b : a), []);
    if (nearest.length > 0 && depth(nearest) > 0) {
      return nearest.flatMap((inner) => toProblems({ ...inner, path: [...issue.path, ...inner.path] }));
    }
  }
  return [{ path, message: issue.message }];
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
}
