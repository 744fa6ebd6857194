import type { Draft } from '../draft.ts';
import { type Problem, nodes as say } from '../problems.ts';

/** What runs in an adopted container is decided by whoever makes it. */
export function* adopted(draft: Draft): Iterable<Problem> {
  for (const [name, container] of draft.containers) {
    if (container.image !== undefined) continue;
    for (const field of ['command', 'environment'] as const) {
      if (container[field] !== undefined) yield say.adopted(`containers.${name}.${field}`);
    }
  }
}

/** A device is recognised by its MAC address, so it must be its own. */
export function* macs(draft: Draft): Iterable<Problem> {
  const owners = new Map<string, string>();
  for (const [name, { mac }] of draft.devices) {
    const path = `devices.${name}.mac`;
    const owner = owners.get(mac);
    if (owner !== undefined) yield say.macTaken(path, mac, owner);
    else owners.set(mac, name);
    if (mac === '00:00:00:00:00:00') yield say.macZero(path);
    if (isMulticast(mac)) yield say.macMulticast(path, mac);
  }
}

/** IEEE 802: the lowest bit of the first byte. */
function isMulticast(mac: string): boolean {
  return Number.parseInt(mac.slice(0, 2), 16) % 2 === 1;
}
