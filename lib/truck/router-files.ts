import type { RouterConfiguration, RouterInterface } from './network.ts';

/** File names that the router's script reads below its configuration directory. */
export const RULESET_FILE = 'ruleset.nft';
export const NETWORK_FILE = 'network';

/** What is written for the router: its ruleset, and one line for each sysctl and interface, in the words of its script. */
export function routerFiles(configuration: RouterConfiguration): Readonly<Record<string, string>> {
  return {
    [RULESET_FILE]: configuration.ruleset.text,
    [NETWORK_FILE]: [
      ...configuration.sysctls.map(({ path, value }) => `sysctl ${path} ${value}`),
      ...configuration.interfaces.map(interfaceLine),
    ]
      .map((line) => `${line}\n`)
      .join(''),
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
