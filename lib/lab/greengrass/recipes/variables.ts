/** Recipe variables (developer guide, "Recipe variables"): `{artifacts:path}`, or `{COMPONENT:artifacts:path}` of a dependency. */
const VARIABLE = /\{(?:([A-Za-z0-9._-]+):)?(artifacts|configuration|work|kernel|iot):([^{}\s]*)\}/g;

export type Namespace = 'artifacts' | 'configuration' | 'work' | 'kernel' | 'iot';

interface Variable {
  /** undefined: of the component itself. */
  readonly component: string | undefined;
  readonly namespace: Namespace;
  readonly key: string;
  readonly text: string;
}

/** All variables in a text. What has another form, such as a shell's `${NAME:-x}`, is no variable. */
export function variablesIn(text: string): Variable[] {
  return [...text.matchAll(VARIABLE)].map((match) => ({
    component: match[1],
    namespace: match[2] as Namespace,
    key: match[3] ?? '',
    text: match[0],
  }));
}

/** Puts values in their place; undefined leaves the variable as it is, as the nucleus does. */
export function interpolate(text: string, valueFor: (variable: Variable) => string | undefined): string {
  return text.replaceAll(VARIABLE, (whole, component: string | undefined, namespace: Namespace, key: string) => {
    return valueFor({ component, namespace, key, text: whole }) ?? whole;
  });
}

/** The keys of each namespace; a configuration's are JSON Pointers. */
export const KEYS: Readonly<Record<Exclude<Namespace, 'configuration'>, readonly string[]>> = {
  artifacts: ['path', 'decompressedPath'],
  work: ['path'],
  kernel: ['rootPath'],
  iot: ['thingName'],
};
