import { dnsmasqConfiguration } from './dnsmasq.ts';
import type { RouterConfiguration, RouterInterface } from './network.ts';

/** File names that the router's script reads below its configuration directory. */
export const RULESET_FILE = 'ruleset.nft';
export const NETWORK_FILE = 'network';

/** One for each segment that it serves. */
const serverFile = (segment: string): string => `dnsmasq-${segment}.conf`;

/** What is written for the router: its ruleset, one line for each sysctl, interface and server, in the words of its script, and the servers' own files. */
export function routerFiles(configuration: RouterConfiguration): Readonly<Record<string, string>> {
  return {
    [RULESET_FILE]: configuration.ruleset.text,
    [NETWORK_FILE]: [
      ...configuration.sysctls.map(({ path, value }) => `sysctl ${path} ${value}`),
      ...configuration.interfaces.map(interfaceLine),
      ...configuration.services.map(({ segment, group }) => `serve ${group} ${segment}`),
    ]
      .map((line) => `${line}\n`)
      .join(''),
    ...Object.fromEntries(
      configuration.services.map((service) => [serverFile(service.segment), dnsmasqConfiguration(service)]),
    ),
  };
}

function interfaceLine({ group, address, extraAddresses, uplink }: RouterInterface): string {
  if (uplink === undefined) return ['segment', group, address, ...extraAddresses].join(' ');
  return [
    'uplink',
    group,
    address,
    uplink.addressing,
    uplink.metric,
    ...(uplink.gateway === undefined ? [] : [uplink.gateway]),
  ].join(' ');
}
