import type { Draft } from '../draft.ts';
import { contains, toNumber, toSubnet } from '../ipv4.ts';
import { suggester } from '../nearest.ts';
import { type Problem, broadcasts as say } from '../problems.ts';

const MULTICAST = toSubnet('224.0.0.0/4');
/** Local network control block (RFC 5771). */
const LOCAL = toSubnet('224.0.0.0/24');

/** Ports on which a relay would do harm, or spoil a measurement. */
const RESERVED_PORTS: ReadonlyMap<number, string> = new Map([
  [9, 'discard (RFC 863), by which is measured that nothing passes'],
  [67, 'DHCP servers'],
  [68, 'DHCP clients'],
]);

/** Each is from one node, which can be told from its neighbours by its MAC address. */
export function* sources(draft: Draft): Iterable<Problem> {
  if (!draft.namesAreKnown) return;
  const suggest = suggester(draft.declared.nodes);
  for (const [name, { from }] of draft.broadcasts) {
    const path = `broadcasts.${name}.from`;
    const container = draft.containers.get(from);
    if (draft.declared.segments.has(from)) yield say.segmentAsSource(path, from);
    else if (!draft.declared.nodes.has(from)) yield say.unknownSource(path, from, suggest(from));
    else if (container !== undefined && container.image === undefined) yield say.adoptedSource(path, from);
  }
}

/** Each is for segments that would not have it otherwise. */
export function* targets(draft: Draft): Iterable<Problem> {
  if (!draft.namesAreKnown) return;
  const suggest = suggester(draft.declared.segments);
  for (const [name, { from, to }] of draft.broadcasts) {
    const home = (draft.containers.get(from) ?? draft.devices.get(from))?.segment;
    for (const [index, segment] of to.entries()) {
      const path = `broadcasts.${name}.to[${index}]`;
      if (!draft.declared.segments.has(segment)) yield say.unknownTarget(path, segment, suggest(segment));
      else if (segment === home) yield say.ownSegment(path, segment);
      else if (to.indexOf(segment) < index) yield say.targetTwice(path, segment);
    }
  }
}

/** A group is one that may be relayed. */
export function* groups(draft: Draft): Iterable<Problem> {
  for (const [name, { group }] of draft.broadcasts) {
    if (group === undefined) continue;
    const path = `broadcasts.${name}.group`;
    if (!contains(MULTICAST, toNumber(group))) yield say.noGroup(path, group);
    else if (contains(LOCAL, toNumber(group))) yield say.localGroup(path, group);
  }
}

/** A port is no other service's that lives by broadcast. */
export function* ports(draft: Draft): Iterable<Problem> {
  for (const [name, { port }] of draft.broadcasts) {
    const meaning = RESERVED_PORTS.get(port);
    if (meaning !== undefined) yield say.reservedPort(`broadcasts.${name}.port`, port, meaning);
  }
}

/** A message is relayed by one rule. */
export function* rivals(draft: Draft): Iterable<Problem> {
  const first = new Map<string, string>();
  for (const [name, { from, port, group = 'everybody' }] of draft.broadcasts) {
    const message = `${from} ${port} ${group}`;
    const other = first.get(message);
    if (other !== undefined) yield say.rival(`broadcasts.${name}`, other);
    else first.set(message, name);
  }
}
