import { delta as difference } from './delta.ts';
import { errors, type ShadowError } from './errors.ts';
import { isObject, type Json, type JsonObject, objectOf, sizeOf } from './json.ts';
import { merge } from './merge.ts';
import { metadataOf, restamp, stamp } from './metadata.ts';
import { type Patch, readClientToken, readUpdate } from './request.ts';

/** Desired and reported, each left out when it is empty. */
interface Sections {
  readonly desired?: JsonObject;
  readonly reported?: JsonObject;
}

export interface ShadowDocument {
  readonly state: Sections;
  /** Same shape as the state, `{ timestamp }` in the place of each value. */
  readonly metadata: Sections;
  readonly version: number;
}

/** What is remembered of a shadow: its document or, when it was deleted, which version that had, and when. Plain JSON. */
export type Shadow = ShadowDocument | { readonly deletedVersion: number; readonly deletedAt: number };

/** An answer to a request. `response` is what goes to the accepted or rejected topic. */
export type Answer =
  | {
      readonly accepted: true;
      /** What is to be remembered from now on. */
      readonly shadow: Shadow;
      readonly response: JsonObject;
      /** For the delta and documents topics, after an update. */
      readonly delta?: JsonObject;
      readonly documents?: JsonObject;
    }
  | { readonly accepted: false; readonly error: ShadowError; readonly response: JsonObject };

export interface Limits {
  /** Bytes of desired and reported together, as JSON without blanks; metadata doesn't count. */
  readonly size: number;
}

/** Without a raise of the quota; 30,720 is the most that AWS gives. */
export const DEFAULT_LIMITS: Limits = { size: 8192 };
/** For so long a deleted shadow's version is gone on with (developer guide, "Interacting with shadows"). */
const VERSION_KEPT_SECONDS = 48 * 3600;

/**
 * The semantics of AWS IoT's Device Shadow service and of Greengrass's ShadowManager for one shadow. Nothing throws, whatever the
 * bytes.
 * @param name the shadow's, for the message; null for the classic one
 * @param at seconds since 1970, here and in the other two
 */
export function getShadow(shadow: Shadow | undefined, name: string | null, payload: Uint8Array, at: number): Answer {
  const token = readClientToken(payload);
  if ('error' in token) return reject(token.error, at, {});
  if (!exists(shadow)) return reject(errors.notFound(name), at, token);
  const { state, metadata, version } = shadow;
  const delta = difference(state.desired, state.reported);
  return {
    accepted: true,
    shadow,
    response: {
      state: { ...sections(state), ...(delta === undefined ? {} : { delta }) },
      metadata: sections(metadata),
      version,
      timestamp: at,
      ...token,
    },
  };
}

/** Creates or changes a shadow; everything is checked before anything is changed. */
export function updateShadow(
  shadow: Shadow | undefined,
  payload: Uint8Array,
  at: number,
  limits = DEFAULT_LIMITS,
): Answer {
  const request = readUpdate(payload);
  const token = request.clientToken === undefined ? {} : { clientToken: request.clientToken };
  if ('error' in request) return reject(request.error, at, token);
  const last = lastVersion(shadow, at);
  if (request.version !== undefined && request.version !== last) {
    // ShadowManager's answer for a shadow that was never there; 1 is what it takes for the first version.
    if (last > 0) return reject(errors.conflict, at, token);
    if (request.version !== 1) return reject(errors.invalidVersion, at, token);
  }
  if (hasNullInArray(request.state)) return reject(errors.invalidNode, at, token);
  const before = exists(shadow) ? shadow : undefined;
  const current = { ...apply(before, request.patch, at), version: last + 1 };
  if (sizeOf(current.state.desired) + sizeOf(current.state.reported) > limits.size) {
    return reject(errors.tooLarge, at, token);
  }
  const about = { version: current.version, timestamp: at, ...token };
  const delta = difference(current.state.desired, current.state.reported);
  return {
    accepted: true,
    shadow: current,
    response: { state: request.state, metadata: stamp(request.state, at), ...about },
    documents: {
      ...(before === undefined ? {} : { previous: plain(before) }),
      current: plain(current),
      timestamp: at,
      ...token,
    },
    ...(delta === undefined
      ? {}
      : { delta: { state: delta, metadata: metadataOf(delta, current.metadata.desired), ...about } }),
  };
}

/** Deletes a shadow; the next one of its name goes on with its version. */
export function deleteShadow(shadow: Shadow | undefined, name: string | null, payload: Uint8Array, at: number): Answer {
  const token = readClientToken(payload);
  if ('error' in token) return reject(token.error, at, {});
  if (!exists(shadow)) return reject(errors.notFound(name), at, token);
  return {
    accepted: true,
    shadow: { deletedVersion: shadow.version, deletedAt: at },
    response: { version: shadow.version, timestamp: at, ...token },
  };
}

/** A rejection as it goes to the rejected topic, also for what is found out before the document is looked at (names, permission, rate). */
export function reject(error: ShadowError, at: number, token: { readonly clientToken?: string } = {}): Answer {
  return { accepted: false, error, response: { ...error, timestamp: at, ...token } };
}

/** Is there a document, or only the memory of one? */
export function exists(shadow: Shadow | undefined): shadow is ShadowDocument {
  return shadow !== undefined && 'state' in shadow;
}

/** 0: never, or too long ago. */
function lastVersion(shadow: Shadow | undefined, at: number): number {
  if (shadow === undefined) return 0;
  if (exists(shadow)) return shadow.version;
  return at - shadow.deletedAt <= VERSION_KEPT_SECONDS ? shadow.deletedVersion : 0;
}

function apply(before: ShadowDocument | undefined, patch: Patch, at: number): Omit<ShadowDocument, 'version'> {
  let state: Sections = {};
  let metadata: Sections = {};
  for (const section of ['desired', 'reported'] as const) {
    const written = patch[section] ?? {};
    const old = patch[section] === null ? undefined : before;
    const merged = merge(old?.state[section], written);
    if (merged === undefined) continue;
    state = { ...state, [section]: merged };
    metadata = { ...metadata, [section]: restamp(merged, written, old?.metadata[section], at) };
  }
  return { state, metadata };
}

function hasNullInArray(value: Json, inArray = false): boolean {
  if (value === null) return inArray;
  if (Array.isArray(value)) return value.some((element: Json) => hasNullInArray(element, true));
  return isObject(value) && Object.values(value).some((inner) => hasNullInArray(inner));
}

function sections({ desired, reported }: Sections): JsonObject {
  return objectOf([
    ['desired', desired],
    ['reported', reported],
  ]);
}

function plain({ state, metadata, version }: ShadowDocument): JsonObject {
  return { state: sections(state), metadata: sections(metadata), version };
}
