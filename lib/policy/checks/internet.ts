import type { Draft } from '../draft.ts';
import { contains, toNumber, toSubnet } from '../ipv4.ts';
import { type Problem, internet as say } from '../problems.ts';
import { isPrivate, SPECIAL_RANGES } from '../ranges.ts';

/** The address that stands for the internet in measurements is out there. */
export function* probe(draft: Draft): Iterable<Problem> {
  if (draft.internet === undefined) return;
  const { probe: address } = draft.internet;
  const path = 'internet.probe';
  const number = toNumber(address);
  const segment = [...draft.segments].find(([, { subnet }]) => contains(toSubnet(subnet), number));
  const special = SPECIAL_RANGES.find((range) => contains(range.subnet, number));
  if (segment !== undefined) yield say.probeInSegment(path, address, segment[0]);
  else if (special !== undefined) yield say.probeSpecial(path, address, special.meaning);
  else if (isPrivate({ network: number, broadcast: number })) yield say.probePrivate(path, address);
}
