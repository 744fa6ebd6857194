import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where downloads and what is made of them stay: $XDG_CACHE_HOME/firebreak, by default ~/.cache/firebreak. Removing it is harmless. */
export function defaultCacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME;
  // The XDG base directory specification: a relative path is to be ignored.
  return join(base?.startsWith('/') ? base : join(homedir(), '.cache'), 'firebreak');
}
