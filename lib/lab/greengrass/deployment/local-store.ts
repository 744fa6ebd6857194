import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRecipe } from '../recipes/parse.ts';
import { ResolutionError } from '../recipes/resolve.ts';
import type { Recipe } from '../recipes/schema.ts';

/** All recipes of a local store. @throws ResolutionError that names the recipe and its problems */
export async function readRecipes(directory: string): Promise<Recipe[]> {
  const recipes: Recipe[] = [];
  for (const file of (await readdir(directory)).sort()) {
    if (!/\.(yaml|yml|json)$/.test(file)) continue;
    const parsed = parseRecipe(await readFile(join(directory, file), 'utf8'));
    if ('recipe' in parsed) recipes.push(parsed.recipe);
    else
      throw new ResolutionError(
        `${file}: ${parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('; ')}`,
      );
  }
  return recipes;
}
