import * as z from 'zod';
import type { Account, Item, Table } from './account.ts';
import { operationsOf } from './operation.ts';
import { refusals } from './refusal.ts';

const operation = operationsOf(refusals.validation);
const Attribute = z.record(z.string(), z.unknown());
const Attributes = z.record(z.string(), Attribute);
const TableName = z
  .string()
  .regex(/^[a-zA-Z0-9_.-]+$/)
  .min(3)
  .max(255);

/** What the allow-list needs of DynamoDB (its API reference): tables with a partition key of text alone, and one condition. */
export const tableOperations = [
  operation(
    'PutItem',
    'DynamoDB_20120810.PutItem',
    z.object({
      TableName,
      Item: Attributes,
      ConditionExpression: z.string().optional(),
      ExpressionAttributeNames: z.record(z.string(), z.string()).default({}),
    }),
    ({ TableName: name, Item: item, ConditionExpression: condition, ExpressionAttributeNames: names }, { account }) => {
      const table = tableOf(account, name);
      const key = keyIn(table, item);
      if (condition !== undefined) {
        const [, alias] = /^attribute_not_exists\((#?[A-Za-z]+)\)$/.exec(condition) ?? [];
        if (alias === undefined)
          throw refusals.validation('the lab knows attribute_not_exists(KEY) and no other condition');
        if ((names[alias] ?? alias) !== table.key)
          throw refusals.validation('the lab knows conditions on the partition key only');
        if (table.items.has(key)) throw refusals.conditionFailed();
      }
      table.items.set(key, item);
      return {};
    },
  ),
  operation(
    'GetItem',
    'DynamoDB_20120810.GetItem',
    z.object({ TableName, Key: Attributes }),
    ({ TableName: name, Key }, { account }) => {
      const table = tableOf(account, name);
      const item = table.items.get(keyIn(table, Key));
      return item === undefined ? {} : { Item: item };
    },
  ),
  operation(
    'DeleteItem',
    'DynamoDB_20120810.DeleteItem',
    z.object({ TableName, Key: Attributes }),
    ({ TableName: name, Key }, { account }) => {
      const table = tableOf(account, name);
      table.items.delete(keyIn(table, Key));
      return {};
    },
  ),
];

function tableOf(account: Account, name: string): Table {
  const table = account.tables.get(name);
  if (table === undefined) throw refusals.noTable(name);
  return table;
}

function keyIn({ key }: Table, item: Item): string {
  const value = item[key]?.S;
  if (typeof value !== 'string' || value === '')
    throw refusals.validation(`One or more parameter values were invalid: Missing the key ${key} in the item`);
  return value;
}
