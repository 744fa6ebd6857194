import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { Policy } from '../../../lib/policy/index.ts';
import { batches } from '../../../lib/truck/batches.ts';
import { type Attachment, type Observed, type ObservedRouter, TAMPERED } from '../../../lib/truck/observed.ts';
import { plan, planRemoval } from '../../../lib/truck/plan/index.ts';
import { portGroup } from '../../../lib/truck/port-group.ts';
import { BARE_TRUCK, simulate } from '../../../lib/truck/simulate.ts';
import { type Step, describe as say } from '../../../lib/truck/steps.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { applySimulated, compiled, EXAMPLES, example, policyOf } from './support.ts';

const article = compiled(example('article.yaml'));
const anyPolicy = policyDocument().map((document) => policyOf(JSON.stringify(document)));

const anyState = fc.record({
  mac: fc.constantFrom('02:00:00:00:00:01', '02:00:00:00:00:02'),
  addresses: fc.subarray(['10.0.1.4/24', '10.0.1.44/24']),
  gateways: fc.subarray(['10.0.1.2', '']),
});
const anyAttachment: fc.Arbitrary<Attachment | null> = fc.option(
  fc.record({
    given: anyState,
    inside: fc.tuple(anyState, fc.boolean()).map(([state, up]) => ({ ...state, name: 'eth0', up })),
    port: fc.record({
      name: fc.constant('veth1'),
      up: fc.boolean(),
      bridge: fc.constantFrom(null, 'br0', 'docker0'),
      group: fc.constantFrom(0, portGroup('10.0.1.0/24')),
    }),
  }),
);

const kinds = (steps: readonly Step[]) => steps.map((step) => step.do);
const positionOf = (steps: readonly Step[], kind: Step['do']) => kinds(steps).indexOf(kind);

describe('the plan for a bare truck', () => {
  const { steps, truck } = applySimulated(article, BARE_TRUCK);

  test('denies on the host before any link exists', () => {
    expect(steps[0]?.do).toBe('load-host-ruleset');
  });

  test('closes a link by its sysctls before it is raised', () => {
    for (const link of article.links) {
      const raised = steps.findIndex((step) => step.do === 'raise-link' && step.link === link.name);
      const closed = steps.flatMap((step, index) =>
        step.do === 'set-sysctl' && step.sysctl.path.includes(`/${link.name}/`) ? [index] : [],
      );
      expect(closed).toHaveLength(link.name === 'fb-host' ? 5 : 3);
      expect(Math.max(...closed)).toBeLessThan(raised);
    }
  });

  test('writes the router’s configuration before the router starts, and starts it together with the containers', () => {
    const started = steps.flatMap((step) => (step.do === 'start-container' ? [step.container] : []));
    expect([...started].sort()).toEqual(['container1', 'container2', 'router']);
    expect(batches(steps).find(([step]) => step?.do === 'start-container')).toHaveLength(3);
    expect(positionOf(steps, 'write-router-configuration')).toBeLessThan(positionOf(steps, 'start-container'));
    expect(positionOf(steps, 'configure-router')).toBeGreaterThan(positionOf(steps, 'start-container'));
  });

  test('leaves nothing to do', () => {
    expect(plan(article, truck).steps).toEqual([]);
  });

  test('says each step in one line', () => {
    for (const step of steps) expect(say(step)).toMatch(/^\S.*$/);
  });
});

describe('from any policy to any other', () => {
  test('the truck converges, and a second plan is empty', () => {
    fc.assert(
      fc.property(fc.array(anyPolicy, { minLength: 2, maxLength: 5 }), (policies) => {
        let truck: Observed = BARE_TRUCK;
        for (const policy of policies) {
          const desired = compiled(policy);
          ({ truck } = applySimulated(desired, truck));
          expect(plan(desired, truck).steps).toEqual([]);
        }
        const bare = planRemoval(truck).reduce((state, step) => simulate(state, step, 'router'), truck);
        expect({ ...bare, sysctls: {} }).toEqual(BARE_TRUCK);
      }),
      { numRuns: 150 },
    );
  });

  test('where the router is made anew, the images of whoever is made anew are fetched before it goes', () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, (before, after) => {
        const { truck } = applySimulated(compiled(before), BARE_TRUCK);
        const { steps } = applySimulated(compiled(after), truck);
        const gone = steps.findIndex((step) => step.do === 'remove-container' && step.container === 'router');
        const fetched = steps.flatMap((step, index) =>
          step.do === 'provide-image' && index < gone ? [step.image] : [],
        );
        const needed = steps.flatMap((step) => (step.do === 'create-container' ? [step.container.image] : []));
        expect(fetched).toEqual(gone === -1 ? [] : [...new Set(needed)]);
      }),
      { numRuns: 100 },
    );
  });

  test('what both policies have in common is not touched', () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, (before, after) => {
        const { truck } = applySimulated(compiled(before), BARE_TRUCK);
        const { steps } = applySimulated(compiled(after), truck);
        for (const segment of commonSegments(before, after)) {
          expect(steps.filter((step) => disturbs(step, segment))).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('wherever containers were unplugged and whatever became of them inside, it converges; one that is right is not touched', () => {
    fc.assert(
      fc.property(anyPolicy, fc.func(anyAttachment), (policy, found) => {
        const desired = compiled(policy);
        const { truck } = applySimulated(desired, BARE_TRUCK);
        const containers = truck.containers.map((container) => ({
          ...container,
          endpoints: container.endpoints.map((endpoint) => {
            const segment = desired.networks.find(
              ({ name, bridge }) => name === endpoint.network && bridge !== undefined,
            );
            return segment === undefined
              ? endpoint
              : { ...endpoint, attachment: found(container.name, endpoint.network) };
          }),
        }));
        const { steps, truck: mended } = applySimulated(desired, { ...truck, containers });
        expect(plan(desired, mended).steps).toEqual([]);
        expect(
          kinds(steps).filter((kind) => !['plug-port', 'readdress', 'disconnect', 'connect'].includes(kind)),
        ).toEqual([]);
        expect(steps.filter((step) => step.do === 'readdress' && step.container === 'router')).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('an interrupted apply, continued from wherever it stopped, converges', () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, fc.nat(), (before, after, stop) => {
        const { truck } = applySimulated(compiled(before), BARE_TRUCK);
        const desired = compiled(after);
        const { steps } = plan(desired, truck);
        const done = steps.slice(0, stop % (steps.length + 1));
        const interrupted = done.reduce((state, step) => simulate(state, step, 'router'), truck);
        const resumed = applySimulated(desired, interrupted);
        expect(plan(desired, resumed.truck).steps).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('one change', () => {
  const applied = applySimulated(article, BARE_TRUCK).truck;
  const base = example('article.yaml');
  const change = (changed: Policy) => kinds(applySimulated(compiled(changed), applied).steps);

  test('an opened flow loads a ruleset and touches no link, network or container', () => {
    const flow = {
      name: 'web',
      from: 'container1',
      to: 'container2',
      protocol: 'tcp' as const,
      ports: [{ from: 443, to: 443 }],
    };
    expect(change({ ...base, flows: [flow] })).toEqual([
      'load-edge-ruleset',
      'load-router-ruleset',
      'write-router-configuration',
      'configure-router',
    ]);
  });

  test('a container’s new command makes that container anew and nothing else', () => {
    const nodes = base.nodes.map((node) => (node.name === 'container1' ? { ...node, command: ['sh'] } : node));
    expect(change({ ...base, nodes })).toEqual(['remove-container', 'create-container', 'start-container']);
  });

  test('the router’s new address in one segment moves that endpoint only', () => {
    const segments = base.segments.map((segment) =>
      segment.name === 'br0net' ? { ...segment, router: '10.0.1.9' } : segment,
    );
    const steps = change({ ...base, segments });
    expect(steps).toEqual([
      // It says who has the router's addresses.
      'load-edge-ruleset',
      'load-router-ruleset',
      'disconnect',
      'write-router-configuration',
      'connect',
      'configure-router',
    ]);
  });
});

describe('drift', () => {
  const applied = applySimulated(article, BARE_TRUCK).truck;
  const repaired = (drifted: Observed) => kinds(applySimulated(article, drifted).steps);
  const withRouter = (change: (router: ObservedRouter) => Partial<ObservedRouter>): Observed => ({
    ...applied,
    router: applied.router && { ...applied.router, ...change(applied.router) },
  });

  const DRIFTS: readonly (readonly [string, Observed, readonly Step['do'][]])[] = [
    ['the host’s ruleset is gone', { ...applied, hostRuleset: null }, ['load-host-ruleset']],
    ['somebody tampered with the edge’s ruleset', { ...applied, edgeRuleset: TAMPERED }, ['load-edge-ruleset']],
    [
      'a sysctl was flipped',
      { ...applied, sysctls: { ...applied.sysctls, 'net/ipv4/conf/br0/forwarding': '1' } },
      ['set-sysctl'],
    ],
    [
      'somebody gave a bridge an address',
      {
        ...applied,
        links: applied.links.map((link) => (link.name === 'br0' ? { ...link, addresses: ['10.0.1.1/24'] } : link)),
      },
      ['remove-address'],
    ],
    ['the host’s route is gone', { ...applied, hostRoutes: [] }, ['add-route']],
    [
      'the host’s route leads elsewhere',
      { ...applied, hostRoutes: applied.hostRoutes.map((route) => ({ ...route, gateway: '198.19.0.3' })) },
      ['remove-route', 'add-route'],
    ],
    [
      'the host link is down, and the kernel has taken the route along',
      {
        ...applied,
        hostRoutes: [],
        links: applied.links.map((link) => (link.name === 'fb-host' ? { ...link, up: false } : link)),
      },
      ['raise-link', 'add-route'],
    ],
    [
      'the host has another address on the host link, and the kernel has taken the route along',
      {
        ...applied,
        hostRoutes: [],
        links: applied.links.map((link) => (link.name === 'fb-host' ? { ...link, addresses: ['10.9.9.9/24'] } : link)),
      },
      ['remove-address', 'add-address', 'add-route'],
    ],
    [
      'somebody’s container is on the host link',
      {
        ...applied,
        containers: [
          ...applied.containers,
          {
            ...{ name: 'vendor-x', owned: false, specification: null, running: true, mode: 'host-link' },
            endpoints: [{ network: 'host-link', address: '198.19.0.1' }],
          },
        ],
      },
      ['disconnect'],
    ],
    [
      'a VLAN link was moved to another bridge',
      {
        ...applied,
        links: applied.links.map((link) => (link.name === 'enp2s0.1' ? { ...link, bridge: 'br1' } : link)),
      },
      ['join-bridge'],
    ],
    [
      'a link is down',
      { ...applied, links: applied.links.map((link) => (link.name === 'br1' ? { ...link, up: false } : link)) },
      ['raise-link'],
    ],
    [
      'the router’s ruleset was tampered with',
      { ...applied, router: applied.router && { ...applied.router, ruleset: null } },
      ['load-router-ruleset', 'configure-router'],
    ],
    [
      'the router has a strange default route',
      {
        ...applied,
        router: applied.router && { ...applied.router, defaultRoutes: [{ gateway: '10.0.1.4', metric: 0 }] },
      },
      ['configure-router'],
    ],
    [
      'the router’s interface has lost its address',
      {
        ...applied,
        router: applied.router && {
          ...applied.router,
          interfaces: applied.router.interfaces.map((each) => (each.group === 2 ? { ...each, addresses: [] } : each)),
        },
      },
      ['disconnect', 'connect', 'configure-router'],
    ],
    [
      'the router’s interface has another MAC address',
      withRouter(({ interfaces }) => ({
        interfaces: interfaces.map((each) => (each.group === 1 ? { ...each, mac: '02:00:00:00:00:77' } : each)),
      })),
      ['configure-router'],
    ],
    [
      'a sysctl of the router was flipped',
      withRouter(({ sysctls }) => ({ sysctls: { ...sysctls, 'net/ipv4/conf/all/arp_ignore': '0' } })),
      ['configure-router'],
    ],
    [
      'the router has a strange routing rule',
      withRouter(({ rules }) => ({ rules: [...(rules ?? []), '50: lookup 200'] })),
      ['configure-router'],
    ],
    ['the router’s own table has lost its way out', withRouter(() => ({ ownRoutes: [] })), ['configure-router']],
    [
      'a container has another address',
      attached(applied, 'container1', ({ inside }) => ({ inside: { ...inside, addresses: ['10.0.1.44/24'] } })),
      ['readdress'],
    ],
    [
      'a container has another MAC address',
      attached(applied, 'container1', ({ inside }) => ({ inside: { ...inside, mac: '02:00:00:00:00:66' } })),
      ['readdress'],
    ],
    [
      'a container has another default route',
      attached(applied, 'container1', ({ inside }) => ({ inside: { ...inside, gateways: ['10.0.1.5'] } })),
      ['readdress'],
    ],
    [
      'a container’s interface is down',
      attached(applied, 'container1', ({ inside }) => ({ inside: { ...inside, up: false } })),
      ['readdress'],
    ],
    [
      'a container’s port is on another bridge',
      attached(applied, 'container1', ({ port }) => ({ port: { ...port, bridge: 'br1' } })),
      ['plug-port'],
    ],
    [
      'a container’s port is on no bridge, and the container has given itself another address',
      attached(applied, 'container1', ({ port, inside }) => ({
        port: { ...port, bridge: null },
        inside: { ...inside, addresses: [] },
      })),
      ['plug-port', 'readdress'],
    ],
    [
      'the router was started by Docker alone, so that its port is in no group yet',
      attached(applied, 'router', ({ port, inside }) => ({
        port: { ...port, group: 0 },
        inside: { ...inside, addresses: ['10.0.1.3/24', '10.0.1.2/32'] },
      })),
      ['plug-port'],
    ],
    [
      'a container’s veth is gone',
      {
        ...applied,
        containers: applied.containers.map((found) =>
          found.name === 'container1'
            ? { ...found, endpoints: found.endpoints.map((each) => ({ ...each, attachment: null })) }
            : found,
        ),
      },
      ['disconnect', 'connect'],
    ],
    [
      'the router’s interface is gone',
      {
        ...applied,
        router: applied.router && {
          ...applied.router,
          interfaces: applied.router.interfaces.filter(({ group }) => group !== 1),
        },
      },
      ['disconnect', 'connect', 'configure-router'],
    ],
    [
      'a container was connected to a second segment',
      {
        ...applied,
        containers: applied.containers.map((container) =>
          container.name === 'container1'
            ? { ...container, endpoints: [...container.endpoints, { network: 'br1net', address: '10.0.2.77' }] }
            : container,
        ),
      },
      ['disconnect'],
    ],
    [
      'a container is stopped',
      {
        ...applied,
        containers: applied.containers.map((container) =>
          container.name === 'container2' ? { ...container, running: false } : container,
        ),
      },
      ['start-container'],
    ],
    [
      'a power cut left a container on a network that is gone, so that Docker does not start it',
      {
        ...applied,
        containers: applied.containers.map((container) =>
          container.name === 'container2' ? { ...container, running: false, orphaned: true } : container,
        ),
      },
      ['remove-container', 'create-container', 'start-container'],
    ],
    [
      'the router is stopped',
      {
        ...applied,
        router: null,
        containers: applied.containers.map((container) =>
          container.name === 'router' ? { ...container, running: false } : container,
        ),
      },
      ['write-router-configuration', 'start-container', 'configure-router'],
    ],
  ];

  test.each(DRIFTS)('%s: only that is repaired', (_what, drifted, steps) => {
    expect(repaired(drifted)).toEqual(steps);
  });

  test('an uplink that has its lease instead of Docker’s address has lost nothing; one that was never named has', () => {
    const base = example('article.yaml');
    const leased = compiled({
      ...base,
      uplinks: base.uplinks.map((uplink) => ({ ...uplink, addressing: { kind: 'dhcp' as const } })),
    });
    const { truck } = applySimulated(leased, BARE_TRUCK);
    const uplink = leased.router.configuration.interfaces.find((each) => each.uplink !== undefined);
    const withUplink = (group: number): Observed => ({
      ...truck,
      router: truck.router && {
        ...truck.router,
        interfaces: truck.router.interfaces.map((each) =>
          each.group === uplink?.group ? { group, mac: '', addresses: ['192.168.50.77/24'] } : each,
        ),
      },
    });
    expect(plan(leased, withUplink(uplink?.group ?? -1)).steps).toEqual([]);
    expect(kinds(plan(leased, withUplink(0)).steps)).toEqual(['disconnect', 'connect', 'configure-router']);
  });

  test('a bridge that was deleted takes its network’s containers along: they are attached anew', () => {
    const drifted = {
      ...applied,
      links: applied.links
        .filter(({ name }) => name !== 'br0')
        .map(({ bridge, ...link }) => (bridge === undefined || bridge === 'br0' ? link : { ...link, bridge })),
    };
    const { steps, truck } = applySimulated(article, drifted);
    expect(kinds(steps)).toEqual(
      expect.arrayContaining(['remove-network', 'create-network', 'add-link', 'join-bridge']),
    );
    expect(plan(article, truck).steps).toEqual([]);
  });
});

/** A container's attachment in its first segment, as Docker made it but for a change. */
function attached(truck: Observed, name: string, change: (right: Attachment) => Partial<Attachment>): Observed {
  const given = { mac: '02:fb:00:00:00:01', addresses: ['10.0.1.4/24'], gateways: ['10.0.1.2'] };
  const right: Attachment = {
    given,
    inside: { ...given, name: 'eth0', up: true },
    port: { name: 'veth1', up: true, bridge: 'br0', group: portGroup('10.0.1.0/24') },
  };
  const attachment = { ...right, ...change(right) };
  return {
    ...truck,
    containers: truck.containers.map((found) =>
      found.name === name
        ? {
            ...found,
            endpoints: found.endpoints.map((each) => (each.network === 'br0net' ? { ...each, attachment } : each)),
          }
        : found,
    ),
  };
}

describe('a third party’s container that is in a segment and in something else', () => {
  const applied = applySimulated(article, BARE_TRUCK).truck;
  const at = (network: string) => ({ network, address: '' });
  const afterwards = (mode: string, ...networks: readonly string[]) => {
    const stranger = { name: 'vendor', owned: false, specification: null, running: true, mode };
    const { steps, truck } = applySimulated(article, {
      ...applied,
      networks: [...applied.networks, { name: 'bridge', owned: false, specification: null }],
      containers: [...applied.containers, { ...stranger, endpoints: networks.map(at) }],
    });
    expect(steps.every((step) => step.do === 'disconnect' && step.container === 'vendor')).toBe(true);
    expect(plan(article, truck).steps).toEqual([]);
    return truck.containers.find(({ name }) => name === 'vendor')?.endpoints.map(({ network }) => network);
  };

  test.each([
    ['a segment, and another one', 'br0net', ['br0net', 'br1net'], ['br0net']],
    ['a segment, and Docker’s own network', 'br1net', ['bridge', 'br1net'], ['br1net']],
    ['a segment, and the uplink’s network', 'br1net', ['br1net', 'wlan'], ['br1net']],
    ['Docker’s own network, and a segment', 'bridge', ['bridge', 'br0net'], ['bridge']],
    ['Docker’s own network, and two segments', 'default', ['bridge', 'br0net', 'br1net'], ['bridge']],
    ['a segment that it was taken off, and two others', 'br9net', ['br0net', 'br1net'], []],
  ] as const)('started with %s keeps what it was started with', (_what, mode, networks, kept) => {
    expect(afterwards(mode, ...networks)).toEqual(kept);
  });

  test.each([
    ['one segment', 'br0net', ['br0net']],
    ['one segment that it was connected to later', 'bridge', ['br0net']],
    ['networks that are no segments', 'bridge', ['bridge', 'wlan']],
  ] as const)('in %s it is left alone', (_what, mode, networks) => {
    expect(afterwards(mode, ...networks)).toEqual(networks);
  });
});

describe('what is not ours', () => {
  const foreignLink = { name: 'br0', kind: 'bridge' as const, owned: false, up: true, addresses: ['10.9.9.1/24'] };
  const stranger = {
    name: 'vendor-x',
    owned: false,
    specification: null,
    running: true,
    mode: 'br0net',
    endpoints: [{ network: 'br0net', address: '10.0.1.50' }],
  };

  test('a foreign link, network or container in the way stops everything before the first step', () => {
    const truck: Observed = {
      ...BARE_TRUCK,
      links: [foreignLink],
      networks: [{ name: 'br1net', owned: false, specification: null }],
      containers: [{ ...stranger, name: 'router', endpoints: [] }],
    };
    const { steps, obstacles } = plan(article, truck);
    expect(steps).toEqual([]);
    expect(obstacles.map(({ what }) => what)).toEqual([
      expect.stringContaining('link br0'),
      expect.stringContaining('network br1net'),
      expect.stringContaining('container router'),
    ]);
  });

  test('a default route of the host with the metric of ours is in the way; others are its own business', () => {
    const route = { link: 'eth0', gateway: '10.9.9.1', source: '10.9.9.2', metric: 10_000, owned: false };
    const { steps, obstacles } = plan(article, { ...BARE_TRUCK, hostRoutes: [route] });
    expect(steps).toEqual([]);
    expect(obstacles.map(({ what }) => what)).toEqual([
      expect.stringMatching(/metric 10000 \(via 10\.9\.9\.1 on eth0\)/),
    ]);
    const { host: _none, ...document } = parse(readFileSync(join(EXAMPLES, 'article.yaml'), 'utf8'));
    expect(
      plan(compiled(policyOf(JSON.stringify(document))), { ...BARE_TRUCK, hostRoutes: [route] }).obstacles,
    ).toEqual([]);
  });

  test('removal takes what is owned and nothing else', () => {
    const applied = applySimulated(article, BARE_TRUCK).truck;
    const foreign = { ...foreignLink, name: 'br9' };
    const route = { link: 'eth0', gateway: '10.9.9.1', source: '10.9.9.2', metric: 10_000, owned: false };
    const truck: Observed = {
      ...applied,
      hostRoutes: [...applied.hostRoutes, route],
      links: [...applied.links, foreign],
      containers: [...applied.containers, stranger],
    };
    const left = planRemoval(truck).reduce((state, step) => simulate(state, step, 'router'), truck);
    expect(left.links).toEqual([foreign]);
    expect(left.hostRoutes).toEqual([route]);
    expect(left.containers).toEqual([{ ...stranger, endpoints: [] }]);
    expect(left.networks).toEqual([]);
  });

  test('a third party’s container on a segment that is made anew is attached again', () => {
    const base = example('article.yaml');
    const applied = applySimulated(article, BARE_TRUCK).truck;
    const truck: Observed = { ...applied, containers: [...applied.containers, stranger] };
    const segments = base.segments.map((segment) =>
      segment.name === 'br0net' ? { ...segment, gateway: '10.0.1.250' } : segment,
    );
    const { truck: after } = applySimulated(compiled({ ...base, segments }), truck);
    expect(after.containers.find(({ name }) => name === 'vendor-x')?.endpoints).toEqual([
      { network: 'br0net', address: '' },
    ]);
  });

  test('a container to be adopted that isn’t there stops nothing and is named', () => {
    const base = example('article.yaml');
    const nodes = base.nodes.map((node) => {
      if (node.kind !== 'container' || node.name !== 'container1') return node;
      const { image, command, ...adopted } = node;
      return { ...adopted, adopted: true };
    });
    const { obstacles, absent } = plan(compiled({ ...base, nodes }), BARE_TRUCK);
    expect(obstacles).toEqual([]);
    expect(absent).toEqual(['container1']);
  });
});

function commonSegments(before: Policy, after: Policy): readonly string[] {
  return before.segments
    .filter((segment) => after.segments.some((other) => JSON.stringify(other) === JSON.stringify(segment)))
    .map(({ name }) => name);
}

/** Does a step remove or make anew the network of a segment? */
function disturbs(step: Step, segment: string): boolean {
  if (step.do === 'remove-network') return step.network === segment;
  return step.do === 'create-network' && step.network.name === segment;
}
