import { CommandError, run } from './run.ts';

/** The part of nft(8) that is used; `netns` is the path of a network namespace. */

/** Loads a ruleset in one transaction: all of it or nothing. */
export async function loadRuleset(text: string, netns?: string): Promise<void> {
  await run(['nft', '-f', '-'], { input: text, ...(netns === undefined ? {} : { netns }) });
}

/** The table as text without counters, or null if there is none. @param table family and name. */
export async function listTable(table: readonly [string, string], netns?: string): Promise<string | null> {
  try {
    const place = netns === undefined ? {} : { netns };
    return await run(['nft', '-s', 'list', 'table', ...table], { ...place, manyWrites: true });
  } catch (error) {
    if (error instanceof CommandError && error.stderr.includes('No such file or directory')) return null;
    throw error;
  }
}

export async function deleteTable(table: readonly [string, string]): Promise<void> {
  await run(['nft', 'delete', 'table', ...table]);
}
