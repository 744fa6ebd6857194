import * as z from 'zod';
import { type Account, arn, idOf, type Thing } from './account.ts';
import { nextToken, operationsOf, paged, pageSize, registryName, tokenIn } from './operation.ts';
import { refusals } from './refusal.ts';

const operation = operationsOf(refusals.invalid);

const Attributes = z.record(
  z
    .string()
    .regex(/^[a-zA-Z0-9_.,@/:#-]+$/)
    .max(128),
  z.string().max(800),
);
/** Of a thing without a type (AWS IoT Core quotas); with one it may have 50. */
const MOST_ATTRIBUTES = 3;

/** Things in the registry (API reference of AWS IoT). */
export const thingOperations = [
  operation(
    'CreateThing',
    'POST /things/{thingName}',
    z.object({
      thingName: registryName,
      thingTypeName: registryName.optional(),
      attributePayload: z.object({ attributes: Attributes.default({}) }).default({ attributes: {} }),
    }),
    ({ thingName, thingTypeName, attributePayload: { attributes } }, { account }) => {
      if (thingTypeName === undefined && Object.keys(attributes).length > MOST_ATTRIBUTES)
        throw refusals.invalid(`A thing without a type has at most ${MOST_ATTRIBUTES} attributes`);
      const before = account.things.get(thingName);
      if (before !== undefined) {
        // Creating the same thing again is no error (API reference, CreateThing).
        const same = before.type === thingTypeName && isSame(before.attributes, attributes);
        if (!same) throw refusals.alreadyExists(`Thing ${thingName} in account with different tags`);
        return described(before);
      }
      const thing: Thing = {
        name: thingName,
        id: idOf('thing', thingName),
        ...(thingTypeName !== undefined && { type: thingTypeName }),
        ...{ attributes, version: 1, groups: [] },
      };
      account.things.set(thingName, thing);
      return described(thing);
    },
  ),
  operation(
    'DescribeThing',
    'GET /things/{thingName}',
    z.object({ thingName: registryName }),
    ({ thingName }, { account }) => {
      const thing = thingOf(account, thingName);
      return { ...described(thing), ...listed(thing), defaultClientId: thingName };
    },
  ),
  operation(
    'ListThings',
    'GET /things',
    z.object({
      maxResults: pageSize(250, 25),
      nextToken,
      attributeName: z.string().optional(),
      attributeValue: z.string().optional(),
      thingTypeName: z.string().optional(),
    }),
    (input, { account }) => {
      const wanted = function* () {
        for (const thing of account.things.values()) {
          if (input.thingTypeName !== undefined && thing.type !== input.thingTypeName) continue;
          if (input.attributeName !== undefined && thing.attributes[input.attributeName] !== input.attributeValue)
            continue;
          yield thing;
        }
      };
      const page = paged(wanted(), ({ name }) => name, { size: input.maxResults, token: input.nextToken });
      return { things: page.items.map(listed), ...tokenIn(page) };
    },
  ),
];

/** @throws Refusal */
export function thingOf(account: Account, name: string): Thing {
  const thing = account.things.get(name);
  if (thing === undefined) throw refusals.notFound(`Thing ${name}`);
  return thing;
}

const described = ({ name, id }: Thing) => ({ thingName: name, thingArn: arn('iot', `thing/${name}`), thingId: id });
const listed = ({ name, type, attributes, version }: Thing) => ({
  ...{ thingName: name, thingArn: arn('iot', `thing/${name}`), attributes, version },
  ...(type !== undefined && { thingTypeName: type }),
});

function isSame(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => a[key] === b[key]);
}
