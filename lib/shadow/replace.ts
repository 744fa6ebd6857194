import { isMap } from '../policy/plain.ts';

/**
 * The update that makes a section of a shadow (`desired` or `reported`) exactly the next one. A shadow merges what it is sent, so what is no
 * longer there has to be set to null; everything else is sent whole, also what has not changed, in case the previous one isn't quite known.
 * @param previous the section as it was last read; undefined: there is none
 */
export function replacing(previous: unknown, next: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const stale = isMap(previous) ? Object.keys(previous).filter((key) => next[key] === undefined) : [];
  const members = Object.entries(next)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]): [string, unknown] => [
      key,
      isMap(value) ? replacing(isMap(previous) ? previous[key] : undefined, value) : value,
    ]);
  return Object.fromEntries([...stale.map((key): [string, unknown] => [key, null]), ...members]);
}
