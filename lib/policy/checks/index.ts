import type { Draft } from '../draft';
import { hasErrors, type Problem } from '../problems';
import * as addresses from './addresses';
import type { Check } from './check';
import * as flows from './flows';
import * as interfaces from './interfaces';
import * as internet from './internet';
import * as limits from './limits';
import * as names from './names';
import * as nodes from './nodes';
import * as subnets from './subnets';
import * as uplinks from './uplinks';

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
  flows.redundant,
  internet.probe,
];

/** What is wrong with a draft, all of it at once; unless there is so much of it that nobody should look closer. */
export function checkDraft(draft: Draft): Problem[] {
  const tooMany = [...limits.tooMany(draft)];
  return hasErrors(tooMany) ? tooMany : CHECKS.flatMap((check) => [...check(draft)]);
}
