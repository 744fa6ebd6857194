export const LAB_NAME_RULE = 'A lab has lower-case letters, digits and hyphens for a name, 16 at most, a letter first.';

/** Names become parts of namespaces and of paths whose length is limited. */
export function isLabName(text: string): boolean {
  return /^[a-z][a-z0-9-]{0,15}$/.test(text);
}
