import type { JsonObject } from './json.ts';
import type { ShadowName } from './names.ts';
import type { Answer } from './shadow.ts';

const OPERATIONS = ['get', 'update', 'delete'] as const;
export type Operation = (typeof OPERATIONS)[number];
type Suffix = Operation | `${Operation}/${'accepted' | 'rejected'}` | 'update/delta' | 'update/documents';

/** The reserved topics (developer guide, "Device Shadow MQTT topics"). */
export function shadowTopic({ thing, shadow }: ShadowName, suffix: Suffix): string {
  return `$aws/things/${thing}/shadow/${shadow === null ? '' : `name/${shadow}/`}${suffix}`;
}

/** Which request is published here; null: none, for instance because it is an answer. The names are not checked. */
export function parseRequestTopic(topic: string): (ShadowName & { readonly operation: Operation }) | null {
  const [, thing, shadow, operation] =
    /^\$aws\/things\/([^/]+)\/shadow\/(?:name\/([^/]+)\/)?([a-z]+)$/.exec(topic) ?? [];
  if (thing === undefined || !isOperation(operation)) return null;
  return { thing, shadow: shadow ?? null, operation };
}

function isOperation(word: string | undefined): word is Operation {
  return OPERATIONS.some((known) => known === word);
}

/** What the service publishes when it has answered a request. */
export function messages(
  name: ShadowName,
  operation: Operation,
  answer: Answer,
): { readonly topic: string; readonly payload: JsonObject }[] {
  const outcome = answer.accepted ? 'accepted' : 'rejected';
  const all = [{ topic: shadowTopic(name, `${operation}/${outcome}`), payload: answer.response }];
  if (!answer.accepted) return all;
  if (answer.delta !== undefined) all.push({ topic: shadowTopic(name, 'update/delta'), payload: answer.delta });
  if (answer.documents !== undefined)
    all.push({ topic: shadowTopic(name, 'update/documents'), payload: answer.documents });
  return all;
}
