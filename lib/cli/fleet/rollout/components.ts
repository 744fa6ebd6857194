import type { Components } from '../cloud.ts';

/** Components that are Firebreak's own; all others of a deployment, the nucleus and AWS's, are the stacks' affair. */
const OWN = /^com\.firebreak\./;

/**
 * What a ring's next deployment consists of: what its last one did, with Firebreak's components in these versions. What was configured for a component
 * stays. Whatever isn't in a deployment is removed from the trucks, so nothing of others is left out. Pure.
 */
export function nextComponents(current: Components, versions: Readonly<Record<string, string>>): Components {
  const others = Object.entries(current).filter(([name]) => !OWN.test(name));
  const own = Object.entries(versions).map(([name, componentVersion]) => [
    name,
    { ...current[name], componentVersion },
  ]);
  return Object.fromEntries([...others, ...own]);
}

/** Versions of Firebreak's own. */
export function ownVersions(components: Components): Record<string, string> {
  return Object.fromEntries(
    Object.entries(components).flatMap(([name, { componentVersion }]) =>
      OWN.test(name) && componentVersion !== undefined ? [[name, componentVersion]] : [],
    ),
  );
}

/** `NAME: OLD → NEW`, for people; empty: nothing. */
export function changeLines(current: Components, next: Components): readonly string[] {
  const names = [...new Set([...Object.keys(current), ...Object.keys(next)])].sort();
  return names.flatMap((name) => {
    const [was = 'none', now = 'none'] = [current[name]?.componentVersion, next[name]?.componentVersion];
    return was === now ? [] : [`${name}: ${was} → ${now}`];
  });
}
