import { errors, type ShadowError } from './errors.ts';
import { isObject, type Json, type JsonObject, member } from './json.ts';

/** The part of a state that an update writes: null takes all of it away. */
export interface Patch {
  readonly desired?: JsonObject | null;
  readonly reported?: JsonObject | null;
}

export interface UpdateRequest {
  readonly patch: Patch;
  /** As it was sent, for the answer. */
  readonly state: JsonObject;
  readonly version?: number;
  readonly clientToken?: string;
}

const LONGEST_TOKEN = 64;
const DEEPEST = 6;

/** Reads an update. Keys beside state, version and clientToken are passed over, as AWS does. */
export function readUpdate(
  payload: Uint8Array,
): UpdateRequest | { readonly error: ShadowError; readonly clientToken?: string } {
  const document = parse(payload);
  if ('error' in document) return document;
  const token = readToken(document.value);
  if ('error' in token) return token;
  const { value } = document;
  const refuse = (error: ShadowError) => ({ error, ...token });

  const version = member(value, 'version') ?? undefined;
  if (version !== undefined && !isVersion(version)) return refuse(errors.invalidVersion);
  const state = member(value, 'state');
  if (state === undefined) return refuse(errors.missingState);
  if (!isObject(state)) return refuse(errors.stateNotAnObject);
  const desired = member(state, 'desired');
  const reported = member(state, 'reported');
  if (!isSection(desired)) return refuse(errors.desiredNotAnObject);
  if (!isSection(reported)) return refuse(errors.reportedNotAnObject);
  if (Object.keys(state).some((key) => key !== 'desired' && key !== 'reported')) return refuse(errors.invalidNode);
  // Depth first: what is too deep for the stack never gets to the recursive functions.
  if (isTooDeep(desired) || isTooDeep(reported)) return refuse(errors.tooDeep);
  return {
    patch: { ...(desired === undefined ? {} : { desired }), ...(reported === undefined ? {} : { reported }) },
    state,
    ...(version === undefined ? {} : { version }),
    ...token,
  };
}

/** The client token of a get or delete, whose payload may be empty. What is no JSON object is passed over, as AWS does. */
export function readClientToken(
  payload: Uint8Array,
): { readonly clientToken?: string } | { readonly error: ShadowError } {
  const document = payload.length === 0 ? { value: {} } : parse(payload);
  return 'error' in document ? {} : readToken(document.value);
}

function parse(payload: Uint8Array): { readonly value: JsonObject } | { readonly error: ShadowError } {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
  } catch {
    return { error: errors.notUtf8 };
  }
  try {
    const value: Json = JSON.parse(text);
    return isObject(value) ? { value } : { error: errors.invalidJson };
  } catch {
    return { error: errors.invalidJson };
  }
}

function readToken(document: JsonObject): { readonly clientToken?: string } | { readonly error: ShadowError } {
  const token = member(document, 'clientToken') ?? undefined;
  if (token === undefined) return {};
  if (typeof token !== 'string' || Buffer.byteLength(token) > LONGEST_TOKEN)
    return { error: errors.invalidClientToken };
  return { clientToken: token };
}

function isVersion(value: Json): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isSection(value: Json | undefined): value is JsonObject | null | undefined {
  return value === undefined || value === null || isObject(value);
}

/** Objects and arrays within each other, desired or reported itself included; one that is empty doesn't count (ShadowManager). */
function isTooDeep(section: JsonObject | null | undefined): boolean {
  let level: readonly Json[] = section === undefined ? [] : [section];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return false;
}
