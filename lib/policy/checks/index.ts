import type { Draft } from '../draft.ts';
import { hasErrors, type Problem } from '../problems.ts';
import * as addresses from './addresses.ts';
import * as broadcasts from './broadcasts.ts';
import type { Check } from './check.ts';
import * as dhcp from './dhcp.ts';
import * as flows from './flows.ts';
import * as interfaces from './interfaces.ts';
import * as internet from './internet.ts';
import * as limits from './limits.ts';
import * as names from './names.ts';
import * as nodes from './nodes.ts';
import * as subnets from './subnets.ts';
import * as uplinks from './uplinks.ts';

/** Everything that is checked beyond the shape, in the order in which it is reported. */
const CHECKS: readonly Check[] = [
  limits.noSegments,
  names.clashes,
  names.networkNames,
  names.unknownSegments,
  interfaces.vlans,
  interfaces.derivedNames,
  interfaces.owners,
  uplinks.addressing,
  uplinks.wayOut,
  subnets.notation,
  subnets.specialRanges,
  subnets.overlaps,
  subnets.docker,
  subnets.notPrivate,
  addresses.inPlace,
  addresses.takenTwice,
  addresses.pools,
  addresses.enough,
  nodes.adopted,
  nodes.macs,
  flows.unknownEndpoints,
  flows.direction,
  flows.ports,
  flows.terms,
  flows.redundant,
  broadcasts.sources,
  broadcasts.targets,
  broadcasts.groups,
  broadcasts.ports,
  broadcasts.rivals,
  internet.probe,
  dhcp.dnsServers,
  dhcp.timeServers,
];

/** What is wrong with a draft, all of it at once; unless there is so much of it that nobody should look closer. */
export function checkDraft(draft: Draft): Problem[] {
  const tooMany = [...limits.tooMany(draft)];
  return hasErrors(tooMany) ? tooMany : CHECKS.flatMap((check) => [...check(draft)]);
}
