import type { Draft } from '../draft.ts';
import { HOST_LINK } from '../host-link.ts';
import { nearest } from '../nearest.ts';
import { type Problem, names as say } from '../problems.ts';

/** Parts of the truck that flows, measurements and reports call by these names. */
const RESERVED: ReadonlySet<string> = new Set(['router', 'internet', 'truck', 'switch']);
/** Networks that every Docker Engine has, and a word that its commands understand. */
const RESERVED_BY_DOCKER: ReadonlySet<string> = new Set(['bridge', 'host', 'none', 'default']);

/** Segments, containers and devices are called by their bare names, so the names must differ. */
export function* clashes(draft: Draft): Iterable<Problem> {
  const owners = new Map<string, string>();
  for (const section of ['segments', 'containers', 'devices'] as const) {
    for (const name of draft[section].keys()) {
      const path = `${section}.${name}`;
      const owner = owners.get(name);
      if (owner !== undefined) yield say.taken(path, name, owner);
      else owners.set(name, path);
      if (RESERVED.has(name)) yield say.reserved(path, name);
    }
  }
}

/** Segments and uplinks become Docker networks, which have one name space. */
export function* networkNames(draft: Draft): Iterable<Problem> {
  for (const section of ['segments', 'uplinks'] as const) {
    for (const name of draft[section].keys()) {
      if (RESERVED_BY_DOCKER.has(name)) yield say.reservedByDocker(`${section}.${name}`, name);
      if (name === HOST_LINK) yield say.reserved(`${section}.${name}`, name);
    }
  }
  for (const name of draft.uplinks.keys()) {
    if (draft.segments.has(name)) yield say.networkTaken(`uplinks.${name}`, name, `segments.${name}`);
  }
}

/** Every node lives in a segment that exists. */
export function* unknownSegments(draft: Draft): Iterable<Problem> {
  if (!draft.namesAreKnown) return;
  for (const section of ['containers', 'devices'] as const) {
    for (const [name, { segment }] of draft[section]) {
      if (draft.declared.segments.has(segment)) continue;
      const suggestion = nearest(segment, draft.declared.segments);
      yield say.unknownSegment(`${section}.${name}.segment`, segment, suggestion);
    }
  }
}
