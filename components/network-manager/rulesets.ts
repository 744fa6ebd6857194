import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ruleset } from '../../lib/truck/network.ts';
import { type ObservedRuleset, TAMPERED } from '../../lib/truck/observed.ts';
import { canonicalListing, carriedFingerprint } from '../../lib/truck/ruleset/text.ts';
import { readIfExists, writeDurably } from '../host/files.ts';
import { listTable, loadRuleset } from '../host/nft.ts';

/** The tables of one ruleset, by family and name; the first carries the fingerprint, and names the file. */
type Tables = readonly [TableName, ...TableName[]];
type TableName = readonly [family: string, table: string];

/**
 * Is the ruleset in the kernel still what we loaded? Its text differs between versions of nft, so it is not compared with ours but
 * with what this kernel listed right after loading; that is kept beside the fingerprint. A ruleset whose listing nobody kept counts
 * as tampered with: it is loaded again. One of which a table is gone is none.
 */
export async function observeRuleset(tables: Tables, listings: string, netns?: string): Promise<ObservedRuleset> {
  const listing = await listTables(tables, netns);
  if (listing === null) return null;
  const fingerprint = carriedFingerprint(listing);
  const kept = await readIfExists(listingFile(tables, listings));
  return fingerprint !== null && kept === record(fingerprint, listing) ? fingerprint : TAMPERED;
}

/** Loads the ruleset and keeps what the kernel then lists. */
export async function loadAndKeep(ruleset: Ruleset, tables: Tables, listings: string, netns?: string): Promise<void> {
  await loadRuleset(ruleset.text, netns);
  await keepListing(tables, listings, netns);
}

/** Keeps the listing of a ruleset that was just loaded, by us or by the router's script. */
export async function keepListing(tables: Tables, listings: string, netns?: string): Promise<void> {
  const listing = await listTables(tables, netns);
  const fingerprint = listing === null ? null : carriedFingerprint(listing);
  if (listing === null || fingerprint === null) return;
  await mkdir(listings, { recursive: true });
  await writeDurably(listingFile(tables, listings), record(fingerprint, listing));
}

/** All of them, one after the other; null if one is missing. */
async function listTables(tables: Tables, netns?: string): Promise<string | null> {
  const found = await Promise.all(tables.map((table) => listTable(table, netns)));
  return found.includes(null) ? null : found.join('');
}

function listingFile([first]: Tables, listings: string): string {
  return join(listings, first.join('-'));
}

function record(fingerprint: string, listing: string): string {
  return `${fingerprint} ${createHash('sha256').update(canonicalListing(listing)).digest('hex')}\n`;
}
