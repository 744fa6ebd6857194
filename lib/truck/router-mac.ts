import type { HostLink, Segment } from '../policy/index.ts';

/**
 * The MAC address of the router's interface in a segment or on the host link: 06:fb and its address there (06: locally administered; no container's begins so).
 * Its script gives it to itself (`set_mac`), because Docker's choice differs between versions, and the edge believes no other.
 */
export function routerMac({ router }: Pick<Segment | HostLink, 'router'>): string {
  return ['06', 'fb', ...router.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'))].join(':');
}
