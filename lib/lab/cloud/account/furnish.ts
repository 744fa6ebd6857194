import {
  ALLOW_LIST,
  CLAIM_POLICY,
  FLEET_GROUP,
  INDEX_FIELDS,
  RINGS,
  ringGroup,
  THING_TYPE,
} from '../../../fleet/names.ts';
import { type Account, idOf } from './account.ts';

/** Puts into an account what the fleet's stacks make there and the command line counts on; what is there stays. */
export function furnish(account: Account, now: number): void {
  for (const name of [FLEET_GROUP, ...RINGS.map(ringGroup)]) {
    if (!account.groups.has(name)) account.groups.set(name, { name, id: idOf('group', name), createdAt: now });
  }
  const { table, key } = ALLOW_LIST;
  if (!account.tables.has(table)) account.tables.set(table, { name: table, key, items: new Map() });
  account.policies.add(CLAIM_POLICY);
  for (const field of Object.values(INDEX_FIELDS)) account.customFields.add(field);
}

/** Things with shadows are taken to be trucks that have provisioned themselves: that is left out here. They join the first ring. */
export function takeIn(account: Account, things: Iterable<string>): void {
  const [first] = RINGS;
  for (const name of things) {
    if (account.things.has(name)) continue;
    const groups = [FLEET_GROUP, ringGroup(first)];
    account.things.set(name, { name, id: idOf('thing', name), type: THING_TYPE, attributes: {}, version: 1, groups });
  }
}
