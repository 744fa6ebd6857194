import { nearest } from '../policy/nearest.ts';
import { type Problem, pathText, quote } from '../policy/problems.ts';

/** What can be wrong with a `desired` of the shadow `network`, apart from the policy in it. */

const error = (path: string, message: string): Problem => ({ severity: 'error', path, message });

/** Where the section stands; its fields are below it. */
export const DESIRED = 'desired';
export const field = (key: string): string =>
  pathText([key]).startsWith('[') ? DESIRED + pathText([key]) : `${DESIRED}.${key}`;

export const desired = {
  notAMap: (got: string) =>
    error(DESIRED, `Expected a map with a policy or a patch, but got ${got}. Set desired.policy.`),
  tooLarge: (bytes: number, limit: number) =>
    error(DESIRED, `It has ${bytes} bytes, but at most ${limit} are read. Shorten it.`),
  unknownKey: (key: string, known: readonly string[]) => {
    const suggestion = nearest(key, known);
    return error(
      field(key),
      `The key ${quote(key)} is unknown here.${suggestion === undefined ? '' : ` Did you mean ${suggestion}?`} Known: ${known.join(', ')}.`,
    );
  },
  several: (keys: readonly string[]) =>
    error(
      field(keys[1] ?? ''),
      `There are ${keys.join(' and ')}, but only one can be in force. Keep one, and set the others to null.`,
    ),
  neither: (known: readonly string[]) => error(DESIRED, `There is no policy in it. Set one of ${known.join(', ')}.`),
  wrongType: (key: string, expected: string, got: string) =>
    error(field(key), `Expected ${expected}, but got ${got}. Correct the value.`),
  anotherThing: (wanted: string, thing: string) =>
    error(
      field('thing'),
      `This is meant for ${quote(wanted)}, but this truck is ${quote(thing)}. Send it to the other one, or correct the name.`,
    ),
  old: (sequence: number, last: number) =>
    error(
      field('sequence'),
      `${sequence} is older than ${last}, which this truck has taken already. Count upwards: at least ${last}.`,
    ),
  unreadable: (key: string, why: string) =>
    error(field(key), `It can't be unpacked: ${why}. It is base64 of gzip of a JSON document.`),
  noBaseline: (key: string) =>
    error(field(key), 'There is no baseline that it could change: none came with the deployment. Send a whole policy.'),
};
