import type { Router, RouterConfiguration, RouterInterface } from '../network.ts';
import type { ObservedRoute, ObservedRouter } from '../observed.ts';
import { ROUTER_RULES } from '../router-rules.ts';
import { configurationFingerprint } from '../specification.ts';
import type { Step } from '../steps.ts';

/** Deny first: a router that goes on running gets its new ruleset before anything else changes. */
export function tightenRouter(router: Router, observed: ObservedRouter | null): readonly Step[] {
  const { ruleset } = router.configuration;
  return observed === null || observed.ruleset === ruleset.fingerprint ? [] : [{ do: 'load-router-ruleset', ruleset }];
}

/**
 * Networks of whose interface the running router has lost the address that Docker gave it, or the whole interface: Docker alone can make it
 * anew. An uplink over DHCP has its lease instead, and is known by its group.
 */
export function lostEndpoints({ configuration }: Router, observed: ObservedRouter | null): ReadonlySet<string> {
  if (observed === null) return new Set();
  const held = new Set(observed.interfaces.flatMap(({ addresses }) => addresses.map(bare)));
  const groups = new Set(observed.interfaces.map(({ group }) => group));
  return new Set(
    configuration.interfaces
      .filter(
        ({ address, group, uplink }) =>
          !held.has(bare(address)) && !(uplink?.addressing === 'dhcp' && groups.has(group)),
      )
      .map(({ name }) => name),
  );
}

/** Without the prefix length. */
function bare(address: string): string {
  return address.replace(/\/.*$/, '');
}

/** What a restart of the router would bring up: written before the router is started. */
export function writeConfiguration(router: Router, observed: ObservedRouter | null): readonly Step[] {
  const { configuration } = router;
  const fingerprint = configurationFingerprint(configuration);
  return observed?.configuration === fingerprint
    ? []
    : [{ do: 'write-router-configuration', configuration, fingerprint }];
}

/** @param touched the router was made, started or connected in this plan, so that its interfaces are new. */
export function configureRouter(router: Router, observed: ObservedRouter | null, touched: boolean): readonly Step[] {
  const { configuration } = router;
  const fingerprint = configurationFingerprint(configuration);
  return touched || observed === null || !isConfigured(router, observed, fingerprint)
    ? [{ do: 'configure-router', configuration, fingerprint }]
    : [];
}

function isConfigured({ configuration }: Router, observed: ObservedRouter, fingerprint: string): boolean {
  return (
    observed.configuration === fingerprint &&
    observed.ruleset === configuration.ruleset.fingerprint &&
    observed.forwarding &&
    configuration.sysctls.every(({ path, value, optional }) => {
      const found = observed.sysctls[path] ?? null;
      return found === null ? optional === true : found === value;
    }) &&
    hasRoutes(configuration, observed.defaultRoutes) &&
    (observed.rules === null ||
      (sameMembers(observed.rules, ROUTER_RULES) && hasRoutes(configuration, observed.ownRoutes))) &&
    sameMembers(
      observed.interfaces.filter(({ group }) => group !== 0).map(({ group }) => String(group)),
      configuration.interfaces.map(({ group }) => String(group)),
    ) &&
    configuration.interfaces.every((wanted) => isAsWanted(wanted, observed))
  );
}

/** Routes by an uplink over DHCP are its lease's. */
function hasRoutes({ interfaces }: RouterConfiguration, observed: readonly ObservedRoute[]): boolean {
  const wanted = interfaces.flatMap(({ uplink }) =>
    uplink?.gateway === undefined ? [] : [`${uplink.gateway} ${uplink.metric}`],
  );
  const metricsByDhcp = new Set(
    interfaces.flatMap(({ uplink }) => (uplink?.addressing === 'dhcp' ? [uplink.metric] : [])),
  );
  const found = observed
    .filter(({ metric }) => !metricsByDhcp.has(metric))
    .map(({ gateway, metric }) => `${gateway} ${metric}`);
  return sameMembers(found, wanted);
}

function isAsWanted(
  { group, mac, address, extraAddresses, uplink }: RouterInterface,
  observed: ObservedRouter,
): boolean {
  const found = observed.interfaces.find((each) => each.group === group);
  if (found === undefined || (mac !== undefined && found.mac !== mac)) return false;
  return uplink?.addressing === 'dhcp' || sameMembers(found.addresses, [address, ...extraAddresses]);
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && new Set([...a, ...b]).size === a.length;
}
