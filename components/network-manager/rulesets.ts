import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ruleset } from '../../lib/truck/network.ts';
import { type ObservedRuleset, TAMPERED } from '../../lib/truck/observed.ts';
import { canonicalListing, carriedFingerprint } from '../../lib/truck/ruleset/text.ts';
import { readIfExists, writeDurably } from '../host/files.ts';
import { listTable, loadRuleset } from '../host/nft.ts';

/**
 * Is the table in the kernel still what we loaded? Its text differs between versions of nft, so it is not compared with ours but
 * with what this kernel listed right after loading; that is kept beside the fingerprint. A table whose listing nobody kept counts
 * as tampered with: it is loaded again.
 */
export async function observeRuleset(
  table: readonly [string, string],
  listings: string,
  netns?: string,
): Promise<ObservedRuleset> {
  const listing = await listTable(table, netns);
  if (listing === null) return null;
  const fingerprint = carriedFingerprint(listing);
  const kept = await readIfExists(listingFile(table, listings));
  return fingerprint !== null && kept === record(fingerprint, listing) ? fingerprint : TAMPERED;
}

/** Loads the ruleset and keeps what the kernel then lists. */
export async function loadAndKeep(
  ruleset: Ruleset,
  table: readonly [string, string],
  listings: string,
  netns?: string,
): Promise<void> {
  await loadRuleset(ruleset.text, netns);
  await keepListing(table, listings, netns);
}

/** Keeps the listing of a table that was just loaded, by us or by the router's script. */
export async function keepListing(table: readonly [string, string], listings: string, netns?: string): Promise<void> {
  const listing = await listTable(table, netns);
  const fingerprint = listing === null ? null : carriedFingerprint(listing);
  if (listing === null || fingerprint === null) return;
  await mkdir(listings, { recursive: true });
  await writeDurably(listingFile(table, listings), record(fingerprint, listing));
}

function listingFile(table: readonly [string, string], listings: string): string {
  return join(listings, table.join('-'));
}

function record(fingerprint: string, listing: string): string {
  return `${fingerprint} ${createHash('sha256').update(canonicalListing(listing)).digest('hex')}\n`;
}
