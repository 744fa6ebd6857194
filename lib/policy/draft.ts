import type { z } from 'zod';
import { isMap } from './plain.ts';
import type { Problem } from './problems.ts';
import {
  BroadcastEntry,
  ContainerEntry,
  DeviceEntry,
  FlowEntry,
  HostEntry,
  Name,
  PolicyDocument,
  SegmentEntry,
  TrunkEntry,
  UplinkEntry,
} from './schema.ts';
import { DnsEntry } from './schema-dhcp.ts';
import { schemaProblems } from './schema-problems.ts';

/**
 * A document on its way to being checked: what of it has the right shape. One misspelt field must not hide the other faults,
 * so the checks run over all entries that can be understood; they get maps, because names come from outside.
 */
export interface Draft {
  readonly trunk?: TrunkEntry;
  readonly host?: HostEntry;
  readonly uplinks: ReadonlyMap<string, UplinkEntry>;
  readonly segments: ReadonlyMap<string, SegmentEntry>;
  readonly containers: ReadonlyMap<string, ContainerEntry>;
  readonly devices: ReadonlyMap<string, DeviceEntry>;
  readonly flows: ReadonlyMap<string, FlowEntry>;
  readonly broadcasts: ReadonlyMap<string, BroadcastEntry>;
  readonly internet?: PolicyDocument['internet'];
  readonly dns?: DnsEntry;
  /** All names that the document uses, also those of entries that cannot be understood: they are not "unknown". */
  readonly declared: {
    readonly uplinks: ReadonlySet<string>;
    readonly segments: ReadonlySet<string>;
    readonly nodes: ReadonlySet<string>;
  };
  /** False if a whole section cannot be understood, so that nobody knows which names it would have had. */
  readonly namesAreKnown: boolean;
}

/** The document if it has the right shape, what is wrong with it if not, and in both cases what can be checked further. */
interface Reading {
  readonly document?: PolicyDocument;
  readonly draft: Draft;
  readonly problems: readonly Problem[];
}

/** Checks the shape of a value that `checkPlain` has passed. */
export function readDocument(value: Record<string, unknown>): Reading {
  const result = PolicyDocument.safeParse(value);
  const draft = draftOf(result.data ?? value);
  if (result.success) return { document: result.data, draft, problems: [] };
  return { draft, problems: schemaProblems(value, result.error.issues) };
}

function draftOf(value: Record<string, unknown>): Draft {
  const trunk = TrunkEntry.safeParse(value.trunk).data;
  const host = HostEntry.safeParse(value.host).data;
  const internet = PolicyDocument.shape.internet.safeParse(value.internet).data;
  const dns = DnsEntry.safeParse(value.dns).data;
  const sections = [value.uplinks, value.segments, value.containers, value.devices];
  return {
    ...(trunk && { trunk }),
    ...(host && { host }),
    ...(internet && { internet }),
    ...(dns && { dns }),
    uplinks: entries(value.uplinks, UplinkEntry),
    segments: entries(value.segments, SegmentEntry),
    containers: entries(value.containers, ContainerEntry),
    devices: entries(value.devices, DeviceEntry),
    flows: entries(value.flows, FlowEntry),
    broadcasts: entries(value.broadcasts, BroadcastEntry),
    declared: {
      uplinks: new Set(keys(value.uplinks)),
      segments: new Set(keys(value.segments)),
      nodes: new Set([...keys(value.containers), ...keys(value.devices)]),
    },
    namesAreKnown: isMap(value.segments) && sections.every((section) => section === undefined || isMap(section)),
  };
}

/** The entries of a section that have the right shape, under a name that can be used. */
function entries<Entry>(section: unknown, schema: z.ZodType<Entry>): Map<string, Entry> {
  const understood = new Map<string, Entry>();
  for (const name of keys(section)) {
    const entry = schema.safeParse(isMap(section) ? section[name] : undefined);
    if (entry.success && Name.safeParse(name).success) understood.set(name, entry.data);
  }
  return understood;
}

function keys(section: unknown): string[] {
  return isMap(section) ? Object.keys(section) : [];
}
