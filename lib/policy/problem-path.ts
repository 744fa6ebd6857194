import { type Problem, WHOLE } from './problems.ts';

/** Keys and indices that lead to a field. */
export type Path = readonly (string | number)[];

/** A problem's path as keys and indices: the way back from `pathText`. A key that was cut stays cut. */
export function pathOf(text: string): Path {
  if (text === WHOLE) return [];
  return [...text.matchAll(/([A-Za-z_$][\w$-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)].map(([, word, index, quoted]) => {
    if (word !== undefined) return word;
    return index === undefined ? String(JSON.parse(quoted ?? '""')) : Number(index);
  });
}

/** The problem of a document that lies inside another one, under this path there. */
export function problemIn(outer: string, { path, ...problem }: Problem): Problem {
  const joined = path === WHOLE ? outer : path.startsWith('[') ? `${outer}${path}` : `${outer}.${path}`;
  return { ...problem, path: joined };
}
