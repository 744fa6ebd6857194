import { errors, type ShadowError } from './errors.ts';

/** Whose shadow, and which: null is the classic one, which has no name. */
export interface ShadowName {
  readonly thing: string;
  readonly shadow: string | null;
}

const PATTERN = /^[a-zA-Z0-9:_-]+$/;
const LONGEST = { ThingName: 128, ShadowName: 64 };

/** What is wrong with the names; undefined: nothing. Pattern and lengths as in the API reference of UpdateThingShadow. */
export function checkNames({ thing, shadow }: ShadowName): ShadowError | undefined {
  return checkName('ThingName', thing) ?? (shadow === null ? undefined : checkName('ShadowName', shadow));
}

function checkName(what: keyof typeof LONGEST, name: string): ShadowError | undefined {
  if (name.length > LONGEST[what]) return errors.invalidName(`${what} has a maximum length of ${LONGEST[what]}`);
  return PATTERN.test(name) ? undefined : errors.invalidName(`${what} must match pattern [a-zA-Z0-9:_-]+`);
}
