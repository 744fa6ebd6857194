import { createHash } from 'node:crypto';

/** 02: locally administered, unicast. fb: Firebreak's, so that a capture shows at once whose it is. */
const PREFIX = '02:fb';

/**
 * A MAC address for each container, derived from its name, so that it survives restarts, reinstallation and a new truck.
 * Two names may hash to the same address, and a device may have it by accident: then the later name hashes again.
 */
export function containerMacs(names: readonly string[], devices: Iterable<string>): Map<string, string> {
  const taken = new Set(devices);
  const macs = new Map<string, string>();
  for (const name of names) {
    let attempt = 0;
    while (taken.has(macOf(name, attempt))) attempt++;
    const mac = macOf(name, attempt);
    taken.add(mac);
    macs.set(name, mac);
  }
  return macs;
}

/** The locally administered MAC address that belongs to a name; `attempt` counts the collisions before it. */
export function macOf(name: string, attempt = 0): string {
  const digest = createHash('sha256')
    .update(attempt === 0 ? name : `${name}#${attempt}`)
    .digest('hex');
  return [PREFIX, ...(digest.slice(0, 8).match(/../g) ?? [])].join(':');
}
