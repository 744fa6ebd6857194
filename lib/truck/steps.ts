import type {
  ContainerNetwork,
  HostRoute,
  Link,
  OwnContainer,
  Router,
  RouterConfiguration,
  Ruleset,
  Sysctl,
} from './network.ts';
import type { InterfaceState, Port } from './observed.ts';

/** One change to the truck, as data. What it does is written in `describe`, `simulate` and the network manager's executor. */
export type Step =
  | {
      readonly do: 'load-host-ruleset';
      readonly ruleset: Ruleset;
      /** Those that it closes. */
      readonly links: readonly string[];
      /** Bridge of the host link, if there is one. */
      readonly hostLink?: string;
    }
  | { readonly do: 'remove-host-ruleset' }
  | { readonly do: 'load-edge-ruleset'; readonly ruleset: Ruleset }
  | { readonly do: 'remove-edge-ruleset' }
  | { readonly do: 'set-sysctl'; readonly sysctl: Sysctl }
  | { readonly do: 'add-link'; readonly link: Link }
  | { readonly do: 'join-bridge'; readonly link: string; readonly bridge: string }
  | { readonly do: 'remove-address'; readonly link: string; readonly address: string }
  | { readonly do: 'add-address'; readonly link: string; readonly address: string }
  | { readonly do: 'raise-link'; readonly link: string }
  | { readonly do: 'delete-link'; readonly link: string }
  | { readonly do: 'add-route'; readonly route: HostRoute }
  | { readonly do: 'remove-route'; readonly route: HostRoute }
  | { readonly do: 'create-network'; readonly network: ContainerNetwork; readonly specification: string }
  | { readonly do: 'remove-network'; readonly network: string }
  | { readonly do: 'provide-image'; readonly image: string }
  | { readonly do: 'create-container'; readonly container: OwnContainer; readonly specification: string }
  | { readonly do: 'create-router'; readonly router: Router; readonly specification: string }
  | { readonly do: 'start-container'; readonly container: string }
  | { readonly do: 'remove-container'; readonly container: string }
  | {
      readonly do: 'connect';
      readonly container: string;
      readonly network: string;
      readonly address?: string;
      readonly mac?: string;
    }
  | { readonly do: 'disconnect'; readonly container: string; readonly network: string }
  | {
      readonly do: 'plug-port';
      readonly container: string;
      readonly network: string;
      /** Name of the veth's end in the host's namespace. */
      readonly port: string;
      readonly wanted: Port & { readonly bridge: string };
    }
  | {
      readonly do: 'readdress';
      readonly container: string;
      readonly network: string;
      /** Name of the interface inside. */
      readonly interface: string;
      readonly wanted: InterfaceState;
      /** What differs; the rest is not touched. */
      readonly wrong: readonly (keyof InterfaceState)[];
    }
  | { readonly do: 'load-router-ruleset'; readonly ruleset: Ruleset }
  | {
      readonly do: 'write-router-configuration';
      readonly configuration: RouterConfiguration;
      readonly fingerprint: string;
    }
  | { readonly do: 'configure-router'; readonly configuration: RouterConfiguration; readonly fingerprint: string };

/** Something that is in the way and isn't ours: nothing is changed until a human has decided. */
export interface Obstacle {
  readonly what: string;
  readonly remedy: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly obstacles: readonly Obstacle[];
  /** Containers to be adopted that aren't there yet. */
  readonly absent: readonly string[];
}

/** A step in one line, for people. */
export function describe(step: Step): string {
  switch (step.do) {
    case 'load-host-ruleset':
      return `host: drop what comes from or goes to ${step.links.join(', ')}${step.hostLink === undefined ? '' : `; to the internet by ${step.hostLink}`}`;
    case 'remove-host-ruleset':
      return 'host: remove the ruleset';
    case 'load-edge-ruleset':
      return `edge: load ruleset ${step.ruleset.fingerprint}`;
    case 'remove-edge-ruleset':
      return 'edge: remove the ruleset';
    case 'set-sysctl':
      return `host: ${step.sysctl.path} = ${step.sysctl.value}`;
    case 'add-link':
      return step.link.kind === 'bridge'
        ? `link ${step.link.name}: add bridge`
        : `link ${step.link.name}: add VLAN ${step.link.vlan} on ${step.link.parent}`;
    case 'join-bridge':
      return `link ${step.link}: port of ${step.bridge}`;
    case 'remove-address':
      return `link ${step.link}: remove address ${step.address}`;
    case 'add-address':
      return `link ${step.link}: add address ${step.address}`;
    case 'raise-link':
      return `link ${step.link}: up`;
    case 'delete-link':
      return `link ${step.link}: delete`;
    case 'add-route':
      return `host: default route via ${step.route.gateway} on ${step.route.link}, metric ${step.route.metric}`;
    case 'remove-route':
      return `host: remove the default route via ${step.route.gateway} on ${step.route.link}`;
    case 'create-network':
      return `network ${step.network.name}: create (${step.network.driver}, ${step.network.subnet})`;
    case 'remove-network':
      return `network ${step.network}: remove`;
    case 'provide-image':
      return `image ${step.image}: there, or fetched`;
    case 'create-container':
      return `container ${step.container.name}: create from ${step.container.image}, ${step.container.endpoint.address} in ${step.container.endpoint.network}`;
    case 'create-router':
      return `router: create, on ${step.router.endpoints.map(({ network, address }) => `${network} (${address})`).join(', ')}`;
    case 'start-container':
      return `container ${step.container}: start`;
    case 'remove-container':
      return `container ${step.container}: remove`;
    case 'connect':
      return `container ${step.container}: connect to ${step.network}${step.address === undefined ? '' : ` as ${step.address}`}`;
    case 'disconnect':
      return `container ${step.container}: disconnect from ${step.network}`;
    case 'plug-port':
      return `container ${step.container}: ${step.port} is a port of ${step.wanted.bridge}`;
    case 'readdress':
      return `container ${step.container}: ${step.interface} in ${step.network} is ${wordsOf(step.wanted)}`;
    case 'load-router-ruleset':
      return `router: load ruleset ${step.ruleset.fingerprint}`;
    case 'write-router-configuration':
      return `router: write configuration ${step.fingerprint}`;
    case 'configure-router':
      return `router: apply configuration ${step.fingerprint}`;
  }
}

function wordsOf({ mac, addresses, gateways }: InterfaceState): string {
  return [...addresses, mac, ...gateways.map((gateway) => `by ${gateway}`)].join(', ');
}
