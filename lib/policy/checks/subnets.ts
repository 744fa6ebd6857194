import type { Draft } from '../draft.ts';
import { HOST_LINK_PREFIX_LENGTH } from '../host-link.ts';
import { overlap, type Subnet, subnetText, toSubnet } from '../ipv4.ts';
import { type Problem, subnets as say } from '../problems.ts';
import { BENCHMARKS, DOCKER_BRIDGE, DOCKER_POOLS, isPrivate, SPECIAL_RANGES } from '../ranges.ts';

/** A subnet of the policy with the place where it is written. */
interface Claim {
  readonly path: string;
  readonly owner: string;
  readonly text: string;
  readonly subnet: Subnet;
}

function segmentClaims(draft: Draft): Claim[] {
  return [...draft.segments].map(([name, { subnet }]) => ({
    path: `segments.${name}.subnet`,
    owner: `segment ${name}`,
    text: subnet,
    subnet: toSubnet(subnet),
  }));
}

function uplinkClaims(draft: Draft): Claim[] {
  return [...draft.uplinks].flatMap(([name, { subnet, dhcp }]) =>
    subnet === undefined || dhcp
      ? []
      : [{ path: `uplinks.${name}.subnet`, owner: `uplink ${name}`, text: subnet, subnet: toSubnet(subnet) }],
  );
}

function hostClaims({ host }: Draft): Claim[] {
  if (host?.internet !== true) return [];
  return [{ path: 'host.subnet', owner: 'the host link', text: host.subnet, subnet: toSubnet(host.subnet) }];
}

const allClaims = (draft: Draft): Claim[] => [...uplinkClaims(draft), ...segmentClaims(draft), ...hostClaims(draft)];

/** A subnet is written as one, and has a sane size. */
export function* notation(draft: Draft): Iterable<Problem> {
  for (const { path, text, subnet } of allClaims(draft)) {
    if (text !== subnetText(subnet)) yield say.hostBits(path, text, subnetText(subnet));
  }
  for (const { path, subnet } of hostClaims(draft)) {
    if (subnet.prefixLength !== HOST_LINK_PREFIX_LENGTH) yield say.twoEnds(path, subnet.prefixLength);
  }
  for (const { path, subnet } of [...uplinkClaims(draft), ...segmentClaims(draft)]) {
    if (subnet.prefixLength > 30) yield say.tooSmall(path, subnet.prefixLength);
    if (subnet.prefixLength < 8) yield say.tooLarge(path, subnet.prefixLength);
  }
}

/** Some ranges mean something else, everywhere. */
export function* specialRanges(draft: Draft): Iterable<Problem> {
  for (const { path, subnet } of allClaims(draft)) {
    const special = SPECIAL_RANGES.find((range) => overlap(range.subnet, subnet));
    if (special !== undefined) yield say.special(path, subnetText(special.subnet), special.meaning);
  }
}

/** No address belongs to two networks of the truck. Limits keep the pairs few. */
export function* overlaps(draft: Draft): Iterable<Problem> {
  const claims = allClaims(draft);
  for (const [index, claim] of claims.entries()) {
    const other = claims.slice(0, index).find((earlier) => overlap(earlier.subnet, claim.subnet));
    if (other !== undefined) yield say.overlap(claim.path, claim.text, other.owner, other.text);
  }
}

/** Nor to one of the truck and one of Docker. An uplink in Docker's pools is fine: Docker keeps away from networks that it sees. */
export function* docker(draft: Draft): Iterable<Problem> {
  for (const { path, text, subnet } of allClaims(draft)) {
    if (overlap(subnet, DOCKER_BRIDGE)) yield say.dockerBridge(path, text);
  }
  for (const { path, text, subnet } of [...segmentClaims(draft), ...hostClaims(draft)]) {
    const pool = DOCKER_POOLS.find((range) => overlap(range, subnet));
    if (pool !== undefined && !overlap(subnet, DOCKER_BRIDGE)) yield say.dockerPool(path, text, subnetText(pool));
  }
}

/** A segment with public addresses hides part of the internet; so does a host link, where nothing else has a route. */
export function* notPrivate(draft: Draft): Iterable<Problem> {
  const links = hostClaims(draft).filter(({ subnet }) => !overlap(subnet, BENCHMARKS));
  for (const { path, text, subnet } of [...segmentClaims(draft), ...links]) {
    if (!isPrivate(subnet) && !SPECIAL_RANGES.some((range) => overlap(range.subnet, subnet))) {
      yield say.notPrivate(path, text);
    }
  }
}
