import type { Draft } from '../draft.ts';
import { HOST_LINK_BRIDGE } from '../host-link.ts';
import { bridgeName, MAX_INTERFACE_NAME, vlanInterfaceName } from '../interface-names.ts';
import { type Problem, interfaces as say } from '../problems.ts';

/** A VLAN ID tells segments apart on the trunk. */
export function* vlans(draft: Draft): Iterable<Problem> {
  const owners = new Map<number, string>();
  for (const [name, { vlan }] of draft.segments) {
    const owner = owners.get(vlan);
    if (owner !== undefined) yield say.vlanTaken(`segments.${name}.vlan`, vlan, owner);
    else owners.set(vlan, name);
    if (vlan === 1) yield say.vlanOne(`segments.${name}.vlan`);
  }
}

/** Names that the policy derives must fit into Linux; those that it spells out are checked by the schema. */
export function* derivedNames(draft: Draft): Iterable<Problem> {
  const tooLong = (name: string) => name.length > MAX_INTERFACE_NAME;
  for (const [name, entry] of draft.segments) {
    const bridge = bridgeName(name, entry);
    if (tooLong(bridge)) yield say.bridgeTooLong(`segments.${name}`, bridge);
  }
  const { trunk } = draft;
  if (trunk === undefined) return;
  const vlanInterfaces = [...draft.segments.values()].map((entry) => vlanInterfaceName(trunk, entry));
  const offender = vlanInterfaces.find(tooLong);
  if (offender !== undefined) yield say.vlanInterfaceTooLong('trunk.interface', offender);
}

/** One interface, one purpose. */
export function* owners(draft: Draft): Iterable<Problem> {
  const taken = new Map([
    ['lo', 'the loopback interface'],
    ['docker0', "Docker's own bridge"],
    ...(draft.host?.internet === true ? ([[HOST_LINK_BRIDGE, 'the host link']] as const) : []),
  ]);
  if (draft.trunk !== undefined) {
    const { trunk } = draft;
    yield* claim(taken, trunk.interface, 'trunk.interface', 'the trunk');
    for (const [name, entry] of draft.segments) {
      // Two segments with one VLAN ID are another check's business.
      taken.set(vlanInterfaceName(trunk, entry), `the VLAN of segment ${name}`);
    }
  }
  for (const [name, { interface: link }] of draft.uplinks) {
    const other = [...draft.uplinks].find(([, { interface: otherLink }]) => otherLink === link)?.[0];
    if (other !== undefined && other !== name) yield say.sameInterface(`uplinks.${name}.interface`, link, other);
    else yield* claim(taken, link, `uplinks.${name}.interface`, `uplink ${name}`);
  }
  const bridges = new Map<string, string>();
  for (const [name, entry] of draft.segments) {
    const bridge = bridgeName(name, entry);
    const path = entry.bridge === undefined ? `segments.${name}` : `segments.${name}.bridge`;
    const owner = taken.get(bridge);
    const other = bridges.get(bridge);
    if (owner !== undefined) yield say.nameInUse(path, bridge, owner);
    else if (other !== undefined) yield say.bridgeTaken(path, bridge, other);
    else bridges.set(bridge, name);
  }
}

function* claim(taken: Map<string, string>, link: string, path: string, owner: string): Iterable<Problem> {
  const other = taken.get(link);
  if (other !== undefined) yield say.nameInUse(path, link, other);
  else taken.set(link, owner);
}
