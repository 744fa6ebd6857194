import type { HostRoute, RouterConfiguration } from './network.ts';
import type { Attachment, Observed, ObservedContainer, ObservedLink, ObservedRouter } from './observed.ts';
import { ROUTER_RULES } from './router-rules.ts';
import { configurationFingerprint } from './specification.ts';
import type { Step } from './steps.ts';

/** A truck on which nothing of ours is. */
export const BARE_TRUCK: Observed = {
  links: [],
  hostRoutes: [],
  sysctls: {},
  hostRuleset: null,
  edgeRuleset: null,
  networks: [],
  containers: [],
  router: null,
};

const STARTED_ROUTER: ObservedRouter = {
  ruleset: null,
  forwarding: false,
  sysctls: {},
  interfaces: [],
  defaultRoutes: [],
  ownRoutes: [],
  rules: [],
  configuration: null,
};

/**
 * What a step will do, as a pure function beside what it does: the truck after it. Throws where the kernel or Docker would
 * refuse (a name taken, a network in use), so that a plan in a wrong order is found without a truck.
 */
export function simulate(truck: Observed, step: Step, routerName: string): Observed {
  switch (step.do) {
    case 'load-host-ruleset':
      return { ...truck, hostRuleset: step.ruleset.fingerprint };
    case 'remove-host-ruleset':
      return { ...truck, hostRuleset: null };
    case 'load-edge-ruleset':
      return { ...truck, edgeRuleset: step.ruleset.fingerprint };
    case 'remove-edge-ruleset':
      return { ...truck, edgeRuleset: null };
    case 'provide-image':
      return truck;
    case 'set-sysctl':
      return { ...truck, sysctls: { ...truck.sysctls, [step.sysctl.path]: step.sysctl.value } };
    case 'add-link': {
      refuseIf(
        truck.links.some(({ name }) => name === step.link.name),
        `link ${step.link.name} exists`,
      );
      const { link } = step;
      refuseIf(
        link.kind === 'vlan' && truck.links.some((other) => other.vlan === link.vlan && other.parent === link.parent),
        `VLAN ${link.kind === 'vlan' ? link.vlan : ''} exists`,
      );
      const added: ObservedLink =
        link.kind === 'vlan'
          ? {
              name: link.name,
              kind: 'vlan',
              owned: true,
              up: false,
              addresses: [],
              vlan: link.vlan,
              parent: link.parent,
            }
          : { name: link.name, kind: 'bridge', owned: true, up: false, addresses: [] };
      return { ...truck, links: [...truck.links, added] };
    }
    case 'join-bridge':
      refuseIf(
        !truck.links.some(({ name, kind }) => name === step.bridge && kind === 'bridge'),
        `no bridge ${step.bridge}`,
      );
      return changeLink(truck, step.link, (link) => ({ ...link, bridge: step.bridge }));
    case 'add-address':
      return changeLink(truck, step.link, (link) => ({ ...link, addresses: [...link.addresses, step.address] }));
    case 'remove-address':
      return changeLink(
        withoutRoutes(truck, ({ source }) => step.address.startsWith(`${source}/`)),
        step.link,
        (link) => ({
          ...link,
          addresses: link.addresses.filter((address) => address !== step.address),
        }),
      );
    case 'raise-link':
      return changeLink(truck, step.link, (link) => ({ ...link, up: true }));
    case 'delete-link':
      return {
        ...withoutRoutes(truck, ({ link }) => link === step.link),
        links: truck.links
          .filter(({ name }) => name !== step.link)
          .map(({ bridge, ...link }) => (bridge === undefined || bridge === step.link ? link : { ...link, bridge })),
      };
    case 'add-route': {
      const { link, source, metric } = step.route;
      refuseIf(
        !truck.links.some(
          ({ name, up, addresses }) => name === link && up && addresses.some((each) => each.startsWith(`${source}/`)),
        ),
        `no way to the gateway on ${link}`,
      );
      refuseIf(
        truck.hostRoutes.some((other) => other.metric === metric && !other.owned),
        `a default route of metric ${metric} exists`,
      );
      const others = truck.hostRoutes.filter((other) => other.metric !== metric);
      return { ...truck, hostRoutes: [...others, { ...step.route, owned: true }] };
    }
    case 'remove-route':
      return withoutRoutes(truck, ({ link, metric }) => link === step.route.link && metric === step.route.metric);
    case 'create-network':
      refuseIf(
        truck.networks.some(({ name }) => name === step.network.name),
        `network ${step.network.name} exists`,
      );
      return {
        ...truck,
        networks: [...truck.networks, { name: step.network.name, owned: true, specification: step.specification }],
      };
    case 'remove-network':
      refuseIf(
        truck.containers.some(({ endpoints }) => endpoints.some(({ network }) => network === step.network)),
        `network ${step.network} has active endpoints`,
      );
      return { ...truck, networks: truck.networks.filter(({ name }) => name !== step.network) };
    case 'create-container':
      return addContainer(truck, {
        name: step.container.name,
        owned: true,
        specification: step.specification,
        running: false,
        mode: step.container.endpoint.network,
        endpoints: [step.container.endpoint],
      });
    case 'create-router':
      return addContainer(truck, {
        name: step.router.name,
        owned: true,
        specification: step.specification,
        running: false,
        mode: step.router.endpoints[0]?.network ?? '',
        endpoints: step.router.endpoints,
      });
    case 'start-container': {
      const started = changeContainer(truck, step.container, (container) => ({ ...container, running: true }));
      if (step.container !== routerName) return started;
      const endpoints = truck.containers.find(({ name }) => name === routerName)?.endpoints ?? [];
      const configuration = truck.router?.configuration ?? null;
      return { ...started, router: { ...STARTED_ROUTER, configuration, interfaces: endpoints.map(unnamed) } };
    }
    case 'remove-container':
      return {
        ...truck,
        containers: truck.containers.filter(({ name }) => name !== step.container),
        router: step.container === routerName ? null : truck.router,
      };
    case 'connect':
      refuseIf(!truck.networks.some(({ name }) => name === step.network), `no network ${step.network}`);
      return changeContainer(plugged(truck, step, routerName), step.container, (container) => {
        refuseIf(
          container.endpoints.some(({ network }) => network === step.network),
          `${step.container} is on ${step.network}`,
        );
        return {
          ...container,
          endpoints: [...container.endpoints, { network: step.network, address: step.address ?? '' }],
        };
      });
    case 'disconnect':
      return changeContainer(unplugged(truck, step, routerName), step.container, (container) => ({
        ...container,
        endpoints: container.endpoints.filter(({ network }) => network !== step.network),
      }));
    case 'plug-port':
      return changeAttachment(truck, step, (attachment) => ({
        ...attachment,
        port: { ...attachment.port, ...step.wanted, up: true },
      }));
    case 'readdress':
      return changeAttachment(truck, step, (attachment) => ({
        ...attachment,
        inside: { ...attachment.inside, ...step.wanted, up: true },
      }));
    case 'load-router-ruleset':
      return changeRouter(truck, (router) => ({ ...router, ruleset: step.ruleset.fingerprint }));
    case 'write-router-configuration':
      return truck.router === null
        ? truck
        : changeRouter(truck, (router) => ({ ...router, configuration: step.fingerprint }));
    case 'configure-router':
      return changeRouter(truck, () => configured(step.configuration));
  }
}

/** An interface as Docker makes it: with its address, and in no group. */
const unnamed = ({ address }: { readonly address: string }) => ({ group: 0, mac: '', addresses: [address] });

type Plug = Extract<Step, { readonly do: 'connect' | 'disconnect' }>;

function plugged(truck: Observed, step: Plug, routerName: string): Observed {
  if (step.container !== routerName || truck.router === null || step.do === 'disconnect') return truck;
  const interfaces = [...truck.router.interfaces, unnamed({ address: step.address ?? '' })];
  return { ...truck, router: { ...truck.router, interfaces } };
}

/** The router's interface in this network goes with its addresses. */
function unplugged(truck: Observed, step: Plug, routerName: string): Observed {
  if (step.container !== routerName || truck.router === null) return truck;
  const { endpoints = [] } = truck.containers.find(({ name }) => name === routerName) ?? {};
  const address = endpoints.find(({ network }) => network === step.network)?.address;
  const has = ({ addresses }: { readonly addresses: readonly string[] }) =>
    addresses.some((each) => each === address || each.startsWith(`${address}/`));
  return {
    ...truck,
    router: { ...truck.router, interfaces: truck.router.interfaces.filter((each) => !has(each)) },
  };
}

function configured(configuration: RouterConfiguration): ObservedRouter {
  const routes = configuration.interfaces.flatMap(({ uplink }) =>
    uplink?.gateway === undefined ? [] : [{ gateway: uplink.gateway, metric: uplink.metric }],
  );
  return {
    ruleset: configuration.ruleset.fingerprint,
    forwarding: true,
    sysctls: Object.fromEntries(configuration.sysctls.map(({ path, value }) => [path, value])),
    interfaces: configuration.interfaces.map(({ group, mac = '', address, extraAddresses }) => ({
      group,
      mac,
      addresses: [address, ...extraAddresses],
    })),
    defaultRoutes: routes,
    ownRoutes: routes,
    rules: ROUTER_RULES,
    configuration: configurationFingerprint(configuration),
  };
}

function addContainer(truck: Observed, container: ObservedContainer): Observed {
  refuseIf(
    truck.containers.some(({ name }) => name === container.name),
    `container ${container.name} exists`,
  );
  for (const { network } of container.endpoints) {
    refuseIf(!truck.networks.some(({ name }) => name === network), `no network ${network}`);
  }
  return { ...truck, containers: [...truck.containers, container] };
}

function changeContainer(
  truck: Observed,
  name: string,
  change: (container: ObservedContainer) => ObservedContainer,
): Observed {
  refuseIf(!truck.containers.some((container) => container.name === name), `no container ${name}`);
  return {
    ...truck,
    containers: truck.containers.map((container) => (container.name === name ? change(container) : container)),
  };
}

function changeAttachment(
  truck: Observed,
  { container, network }: { readonly container: string; readonly network: string },
  change: (attachment: Attachment) => Attachment,
): Observed {
  return changeContainer(truck, container, (found) => ({
    ...found,
    endpoints: found.endpoints.map((endpoint) =>
      endpoint.network === network && endpoint.attachment
        ? { ...endpoint, attachment: change(endpoint.attachment) }
        : endpoint,
    ),
  }));
}

function withoutRoutes(truck: Observed, gone: (route: HostRoute) => boolean): Observed {
  return { ...truck, hostRoutes: truck.hostRoutes.filter((route) => !gone(route)) };
}

function changeLink(truck: Observed, name: string, change: (link: ObservedLink) => ObservedLink): Observed {
  refuseIf(!truck.links.some((link) => link.name === name), `no link ${name}`);
  return { ...truck, links: truck.links.map((link) => (link.name === name ? change(link) : link)) };
}

function changeRouter(truck: Observed, change: (router: ObservedRouter) => ObservedRouter): Observed {
  if (truck.router === null) throw new Error('the router does not run');
  return { ...truck, router: change(truck.router) };
}

function refuseIf(condition: boolean, why: string): void {
  if (condition) throw new Error(why);
}
