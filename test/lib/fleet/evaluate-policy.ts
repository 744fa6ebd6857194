import type { PolicyDocument } from '../../../lib/fleet/identity/device-policy.ts';

/**
 * What AWS IoT Core makes of a request: denied if a statement denies it, else allowed if one allows it. `*` and `?` are wildcards, `+` and `#` are
 * ordinary signs (developer guide, "AWS IoT Core policies", "Pub/Sub policy examples").
 */
export function isAllowed(documents: readonly PolicyDocument[], action: string, resource: string): boolean {
  const statements = documents.flatMap(({ Statement }) => Statement);
  const speaksOf = ({ Action, Resource }: PolicyDocument['Statement'][number]) =>
    Action.some((pattern) => matches(pattern, action)) && Resource.some((pattern) => matches(pattern, resource));
  const effects = statements.filter(speaksOf).map(({ Effect }) => Effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\#]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(text);
}
