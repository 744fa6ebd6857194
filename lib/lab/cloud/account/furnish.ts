import {
  allowListTable,
  claimPolicyName,
  depotGroup,
  depotsGroup,
  fleetGroup,
  INDEX_FIELDS,
  RINGS,
  ringGroup,
  thingType,
} from '../../../fleet/names.ts';
import { type Account, idOf } from './account.ts';

/** The one stage that is in a lab's account. */
export const LAB_STAGE = 'lab';
const LAB_DEPOTS = ['north', 'south'] as const;

/** Puts into an account what the fleet's stacks make there and the command line counts on; what is there stays. */
export function furnish(account: Account, now: number): void {
  const parent = fleetGroup(LAB_STAGE);
  const add = (name: string, more: { readonly parent?: string }) => {
    if (!account.groups.has(name)) account.groups.set(name, { name, id: idOf('group', name), createdAt: now, ...more });
  };
  add(parent, {});
  for (const ring of RINGS) add(ringGroup(LAB_STAGE, ring), { parent });
  add(depotsGroup(LAB_STAGE), {});
  for (const depot of LAB_DEPOTS) add(depotGroup(LAB_STAGE, depot), { parent: depotsGroup(LAB_STAGE) });
  const table = allowListTable(LAB_STAGE);
  if (!account.tables.has(table)) account.tables.set(table, { name: table, key: 'serial', items: new Map() });
  account.policies.add(claimPolicyName(LAB_STAGE));
  for (const field of Object.values(INDEX_FIELDS)) account.customFields.add(field);
}

/** Things with shadows are taken to be trucks that have provisioned themselves: that is left out here. They join the first ring, and no depot. */
export function takeIn(account: Account, things: Iterable<string>): void {
  const [first] = RINGS;
  const about = {
    type: thingType(LAB_STAGE),
    attributes: {},
    version: 1,
    groups: [ringGroup(LAB_STAGE, first), depotsGroup(LAB_STAGE)],
  };
  for (const name of things) {
    if (!account.things.has(name)) account.things.set(name, { name, id: idOf('thing', name), ...about });
  }
}
