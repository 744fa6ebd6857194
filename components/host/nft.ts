import { CommandError, run } from './run.ts';

/** The part of nft(8) that is used; `netns` is the path of a network namespace. */

/** Loads a ruleset in one transaction: all of it or nothing. */
export async function loadRuleset(text: string, netns?: string): Promise<void> {
  await run(['nft', '-f', '-'], { input: text, ...(netns === undefined ? {} : { netns }) });
}

/** The table as text without counters and without what named sets have gathered, or null if there is none. @param table family and name. */
export function listTable(table: readonly [string, string], netns?: string): Promise<string | null> {
  return list(['-s', '-t', 'list', 'table', ...table], netns);
}

/** A named set with its elements as JSON (libnftables-json(5)), or null if there is none. @param table family and name */
export function listSet(table: readonly [string, string], set: string, netns?: string): Promise<string | null> {
  return list(['-j', 'list', 'set', ...table, set], netns);
}

async function list(words: readonly string[], netns: string | undefined): Promise<string | null> {
  try {
    return await run(['nft', ...words], { ...(netns === undefined ? {} : { netns }), manyWrites: true });
  } catch (error) {
    if (error instanceof CommandError && error.stderr.includes('No such file or directory')) return null;
    throw error;
  }
}

export async function deleteTable(table: readonly [string, string]): Promise<void> {
  await run(['nft', 'delete', 'table', ...table]);
}
