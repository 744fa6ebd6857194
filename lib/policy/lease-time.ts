export const LEASE_TIME = /^([1-9]\d{0,6})(s|m|h|d)$/;
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
/** dnsmasq takes no less (dnsmasq(8), --dhcp-range); who keeps an address for more than a month is given it by name. */
const BOUNDS = { from: 120, to: 30 * 86_400 };

/** Unless a policy says otherwise: a shift. */
export const DEFAULT_LEASE_SECONDS = 12 * 3600;

/** Is this how long an address may be kept? */
export function isLeaseTime(text: string): boolean {
  const seconds = secondsIn(text);
  return BOUNDS.from <= seconds && seconds <= BOUNDS.to;
}

/** The seconds in a time such as 45m or 12h; NaN: it is none. */
export function secondsIn(text: string): number {
  const [, count, unit = ''] = LEASE_TIME.exec(text) ?? [];
  return Number(count) * (SECONDS[unit] ?? Number.NaN);
}
