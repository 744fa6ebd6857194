import * as z from 'zod';
import { type Account, arn, idOf, type ThingGroup } from './account.ts';
import { nextToken, operationsOf, paged, pageSize, registryName, seconds, tokenIn } from './operation.ts';
import { refusals } from './refusal.ts';
import { thingOf } from './things.ts';

const operation = operationsOf(refusals.invalid);
const boolean = z.preprocess((value) => (typeof value === 'string' ? value === 'true' : value), z.boolean());
const Membership = z.object({ thingGroupName: registryName, thingName: registryName });
/** AWS IoT Core quotas: "Maximum number of static groups a thing can belong to". */
const MOST_GROUPS = 10;

/** Static thing groups (API reference of AWS IoT). */
export const groupOperations = [
  operation(
    'CreateThingGroup',
    'POST /thing-groups/{thingGroupName}',
    z.object({
      thingGroupName: registryName,
      parentGroupName: registryName.optional(),
      thingGroupProperties: z.object({ thingGroupDescription: z.string().optional() }).default({}),
    }),
    ({ thingGroupName: name, parentGroupName: parent, thingGroupProperties }, { account, now }) => {
      if (account.groups.has(name)) throw refusals.alreadyExists(`Thing group ${name}`);
      if (parent !== undefined) groupOf(account, parent);
      const description = thingGroupProperties.thingGroupDescription;
      const group: ThingGroup = {
        ...{ name, id: idOf('group', name), createdAt: now() },
        ...(parent !== undefined && { parent }),
        ...(description !== undefined && { description }),
      };
      account.groups.set(name, group);
      return named(group);
    },
  ),
  operation(
    'DescribeThingGroup',
    'GET /thing-groups/{thingGroupName}',
    z.object({ thingGroupName: registryName }),
    ({ thingGroupName }, { account }) => {
      const group = groupOf(account, thingGroupName);
      return {
        ...{ ...named(group), version: 1 },
        thingGroupProperties: { thingGroupDescription: group.description },
        thingGroupMetadata: { parentGroupName: group.parent, creationDate: seconds(group.createdAt) },
      };
    },
  ),
  operation(
    'ListThingGroups',
    'GET /thing-groups',
    z.object({ maxResults: pageSize(250, 25), nextToken, namePrefixFilter: z.string().default('') }),
    ({ maxResults, nextToken: token, namePrefixFilter }, { account }) => {
      const wanted = [...account.groups.values()].filter(({ name }) => name.startsWith(namePrefixFilter));
      const page = paged(wanted, ({ name }) => name, { size: maxResults, token });
      const thingGroups = page.items.map(({ name }) => ({ groupName: name, groupArn: groupArn(name) }));
      return { thingGroups, ...tokenIn(page) };
    },
  ),
  operation(
    'AddThingToThingGroup',
    'PUT /thing-groups/addThingToThingGroup',
    Membership,
    ({ thingGroupName, thingName }, { account }) => {
      groupOf(account, thingGroupName);
      const thing = thingOf(account, thingName);
      if (thing.groups.includes(thingGroupName)) return {};
      if (thing.groups.length >= MOST_GROUPS)
        throw refusals.invalid(`A thing belongs to at most ${MOST_GROUPS} thing groups`);
      account.things.set(thingName, { ...thing, groups: [...thing.groups, thingGroupName] });
      return {};
    },
  ),
  operation(
    'RemoveThingFromThingGroup',
    'PUT /thing-groups/removeThingFromThingGroup',
    Membership,
    ({ thingGroupName, thingName }, { account }) => {
      groupOf(account, thingGroupName);
      const thing = thingOf(account, thingName);
      const groups = thing.groups.filter((group) => group !== thingGroupName);
      account.things.set(thingName, { ...thing, groups });
      return {};
    },
  ),
  operation(
    'ListThingsInThingGroup',
    'GET /thing-groups/{thingGroupName}/things',
    z.object({
      ...{ thingGroupName: registryName, recursive: boolean.default(false) },
      ...{ maxResults: pageSize(250, 25), nextToken },
    }),
    ({ thingGroupName, recursive, maxResults, nextToken: token }, { account }) => {
      const page = paged(membersOf(account, thingGroupName, recursive), (name) => name, { size: maxResults, token });
      return { things: page.items, ...tokenIn(page) };
    },
  ),
];

/** Names of a group's things, in order. @param recursive those of the groups below it, too. @throws Refusal */
export function* membersOf(account: Account, group: string, recursive: boolean): Iterable<string> {
  groupOf(account, group);
  const wanted = new Set(recursive ? withDescendants(account, group) : [group]);
  for (const { name, groups } of account.things.values()) if (groups.some((one) => wanted.has(one))) yield name;
}

/** Is a thing in a group, or in one below it? */
export function isIn(account: Account, thing: string, group: string): boolean {
  const wanted = new Set(withDescendants(account, group));
  return account.things.get(thing)?.groups.some((one) => wanted.has(one)) ?? false;
}

function* withDescendants(account: Account, group: string): Iterable<string> {
  yield group;
  for (const { name, parent } of account.groups.values()) if (parent === group) yield* withDescendants(account, name);
}

/** @throws Refusal */
export function groupOf(account: Account, name: string): ThingGroup {
  const group = account.groups.get(name);
  if (group === undefined) throw refusals.notFound(`Thing group ${name}`);
  return group;
}

export const groupArn = (name: string): string => arn('iot', `thinggroup/${name}`);
const named = ({ name, id }: ThingGroup) => ({
  ...{ thingGroupName: name, thingGroupArn: groupArn(name), thingGroupId: id },
});
