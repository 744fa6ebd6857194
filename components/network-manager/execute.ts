import { mkdir } from 'node:fs/promises';
import type { Link } from '../../lib/truck/network.ts';
import { ROUTER } from '../../lib/truck/network.ts';
import { EDGE_TABLE, HOST_TABLE, ROUTER_TABLES } from '../../lib/truck/ruleset/tables.ts';
import type { Step } from '../../lib/truck/steps.ts';
import { containerNamespace } from '../host/container-namespace.ts';
import { ipBatch } from '../host/ip.ts';
import { deleteTable } from '../host/nft.ts';
import { writeSysctl } from '../host/sysctl.ts';
import { markPorts } from './attachments.ts';
import {
  connect,
  createContainer,
  createNetwork,
  createRouter,
  disconnect,
  exec,
  hasImage,
  provideImage,
  removeContainer,
  removeNetwork,
  startContainer,
} from './engine.ts';
import { goneIsFine } from './gone-is-fine.ts';
import { addHostRoute, removeHostRoute } from './host-route.ts';
import { LINK_ALIAS } from './labels.ts';
import { writeConfiguration } from './router-configuration.ts';
import { keepListing, loadAndKeep } from './rulesets.ts';
import type { Truck } from './truck.ts';

type StepOf<Name extends Step['do']> = Extract<Step, { readonly do: Name }>;

/** For each kind of step what it does to the truck; the compiler sees to it that none is missing. */
const EXECUTORS: { readonly [Name in Step['do']]: (step: StepOf<Name>, truck: Truck) => Promise<void> } = {
  'load-host-ruleset': ({ ruleset }, { state }) => loadAndKeep(ruleset, [HOST_TABLE], state.listings),
  'remove-host-ruleset': () => deleteTable(HOST_TABLE),
  'load-edge-ruleset': ({ ruleset }, { state }) => loadAndKeep(ruleset, [EDGE_TABLE], state.listings),
  'remove-edge-ruleset': () => deleteTable(EDGE_TABLE),
  'set-sysctl': async ({ sysctl }) => {
    const written = await writeSysctl(sysctl.path, sysctl.value);
    if (!written && sysctl.optional !== true) {
      throw new Error(`/proc/sys/${sysctl.path} does not exist: does its interface?`);
    }
  },
  'add-link': ({ link }) => ipBatch(addLink(link)),
  'join-bridge': ({ link, bridge }) => ipBatch([`link set dev ${link} master ${bridge}`]),
  'remove-address': ({ link, address }) => ipBatch([`address delete ${address} dev ${link}`]),
  'add-address': ({ link, address }) => ipBatch([`address replace ${address} dev ${link}`]),
  'raise-link': ({ link }) => ipBatch([`link set dev ${link} up`]),
  'delete-link': ({ link }) => goneIsFine(ipBatch([`link delete dev ${link}`])),
  'add-route': ({ route }) => addHostRoute(route),
  'remove-route': ({ route }) => removeHostRoute(route),
  'create-network': ({ network, specification }, { docker }) => createNetwork(docker, network, specification),
  'remove-network': ({ network }, { docker }) => removeNetwork(docker, network),
  'provide-image': ({ image }, { docker }) => provideImage(docker, image),
  'create-container': ({ container, specification }, { docker }) => createContainer(docker, container, specification),
  'create-router': async ({ router, specification }, { docker, routerArchive, state }) => {
    if (!(await hasImage(docker, router.image))) await docker.load(routerArchive);
    await mkdir(state.leases, { recursive: true });
    await createRouter(docker, router, specification, { configuration: state.router, leases: state.leases });
  },
  'start-container': async ({ container }, { docker }) => {
    await startContainer(docker, container);
    await markPorts(docker, container);
  },
  'remove-container': ({ container }, { docker }) => removeContainer(docker, container),
  connect: async (step, { docker }) => {
    await connect(docker, step);
    await markPorts(docker, step.container);
  },
  disconnect: ({ container, network }, { docker }) => disconnect(docker, container, network),
  'plug-port': ({ port, wanted }) => ipBatch(plug(port, wanted)),
  readdress: async (step, { docker }) => {
    const netns = await containerNamespace(docker, step.container);
    // Whoever has ended meanwhile is given the right ones when he starts.
    if (netns !== null) await ipBatch(readdress(step), netns);
  },
  'load-router-ruleset': async ({ ruleset }, truck) =>
    loadAndKeep(ruleset, ROUTER_TABLES, truck.state.listings, await routerNamespace(truck)),
  'write-router-configuration': ({ configuration, fingerprint }, { state }) =>
    writeConfiguration(state.router, configuration, fingerprint),
  'configure-router': async (_step, truck) => {
    await exec(truck.docker, ROUTER, ['/usr/local/bin/firebreak-router', 'apply']);
    await keepListing(ROUTER_TABLES, truck.state.listings, await routerNamespace(truck));
  },
};

/** Does the step. @throws CommandError, DockerError or Error that say what was tried and how it failed. */
export function execute<Name extends Step['do']>(step: StepOf<Name>, truck: Truck): Promise<void> {
  const executor = EXECUTORS[step.do] as (step: StepOf<Name>, truck: Truck) => Promise<void>;
  return executor(step, truck);
}

/** A link is made down and marked as ours in the same breath; its sysctls follow before it is raised. */
function addLink(link: Link): readonly string[] {
  const type =
    link.kind === 'bridge'
      ? `name ${link.name} type bridge stp_state 0 forward_delay 0`
      : `link ${link.parent} name ${link.name} type vlan protocol 802.1Q id ${link.vlan}`;
  return [`link add ${type}`, `link set dev ${link.name} alias ${LINK_ALIAS}`];
}

function plug(port: string, { bridge, group }: { readonly bridge: string; readonly group: number }): readonly string[] {
  return [`link set dev ${port} group ${group}`, `link set dev ${port} master ${bridge}`, `link set dev ${port} up`];
}

/** Only what is wrong; but with the last address of an interface the kernel takes its routes, and so it does when it goes down. */
function readdress({ interface: link, wanted, wrong }: StepOf<'readdress'>): readonly string[] {
  const addresses = wrong.includes('addresses')
    ? [
        `address flush dev ${link}`,
        ...wanted.addresses.map((address) => `address add ${address} broadcast + dev ${link}`),
      ]
    : [];
  return [
    ...(wrong.includes('mac') ? [`link set dev ${link} address ${wanted.mac}`] : []),
    ...addresses,
    `link set dev ${link} up`,
    ...(wrong.includes('gateways') ? [`route flush exact default dev ${link}`] : []),
    ...wanted.gateways
      .filter((gateway) => gateway !== '')
      .map((gateway) => `route replace default via ${gateway} dev ${link}`),
  ];
}

async function routerNamespace(truck: Truck): Promise<string> {
  const netns = await containerNamespace(truck.docker, ROUTER);
  if (netns === null) throw new Error('the router does not run; see docker logs router');
  return netns;
}
