import fc from 'fast-check';
import type { PolicyDocumentInput } from '../../../lib/policy/schema.ts';
import { batches } from '../../../lib/truck/batches.ts';
import type { ContainerNetwork, TruckNetwork } from '../../../lib/truck/network.ts';
import type { Observed, ObservedRouter } from '../../../lib/truck/observed.ts';
import { plan, planRemoval } from '../../../lib/truck/plan/index.ts';
import { BARE_TRUCK, simulate } from '../../../lib/truck/simulate.ts';
import { networkSpecification } from '../../../lib/truck/specification.ts';
import type { Step } from '../../../lib/truck/steps.ts';
import { policyDocument } from '../policy/arbitrary.ts';
import { applySimulated, compiled, policyOf } from './support.ts';

/**
 * An apply that ends in the middle, by kill -9 or a power cut. It is followed step by step on the simulated truck; wherever it ends,
 * the next apply of whatever policy must come to that policy, and nothing forbidden may be open meanwhile.
 */

const network = (document: PolicyDocumentInput) => compiled(policyOf(JSON.stringify(document)));
const anyPolicy = policyDocument().map(network);

/** A policy, and one in which its segments have handed their VLAN IDs on to each other: all names and numbers are taken already. */
const handedOn = policyDocument().map((document): readonly [TruckNetwork, TruckNetwork] => {
  const segments = Object.entries(document.segments);
  const next = segments.map(([name, segment], index): [string, typeof segment] => [
    name,
    { ...segment, vlan: segments[(index + 1) % segments.length]?.[1].vlan ?? segment.vlan },
  ]);
  return [network(document), network({ ...document, segments: Object.fromEntries(next) })];
});
const fromTo = fc.oneof(fc.tuple(anyPolicy, anyPolicy), handedOn);

/** The truck after a step. A new link has the kernel's sysctls, not those of the one that was there before under its name. */
function done(truck: Observed, step: Step): Observed {
  const after = simulate(truck, step, 'router');
  if (step.do !== 'add-link') return after;
  const sysctls = Object.entries(after.sysctls).filter(([path]) => !path.includes(`/conf/${step.link.name}/`));
  return { ...after, sysctls: Object.fromEntries(sysctls) };
}

/** Where a kill can leave the truck inside one step that is several changes: the kernel or Docker has done some of them. */
function torn(truck: Observed, step: Step): readonly Observed[] {
  switch (step.do) {
    case 'create-router':
      return step.router.endpoints.map((_endpoint, index) =>
        simulate(
          truck,
          { ...step, router: { ...step.router, endpoints: step.router.endpoints.slice(0, index + 1) } },
          'router',
        ),
      );
    // Loaded, but killed before the listing was kept: it is in force, and nobody knows.
    case 'load-host-ruleset':
      return [{ ...simulate(truck, step, 'router'), hostRuleset: null }];
    case 'load-router-ruleset':
      return [changedRouter(truck, { ruleset: null })];
    case 'configure-router':
      return step.configuration.interfaces.map(({ group, address }) =>
        changedRouter(truck, { ruleset: null, interfaces: [{ group, mac: '', addresses: [address] }] }),
      );
    default:
      return [];
  }
}

const changedRouter = (truck: Observed, change: Partial<ObservedRouter>): Observed => ({
  ...truck,
  router: truck.router && { ...truck.router, ...change },
});

/** Every truck that a kill can leave while these steps are done: after each step, inside it, and with any part of a batch done. */
function wreckages(steps: readonly Step[], truck: Observed, subset: number): readonly Observed[] {
  const found: Observed[] = [truck];
  let now = truck;
  for (const batch of batches(steps)) {
    for (const step of batch.length === 1 ? batch : []) found.push(...torn(now, step));
    const part = batch.filter((_step, index) => (subset >> (index % 16)) % 2 === 1);
    found.push(part.reduce(done, now));
    now = batch.reduce(done, now);
    found.push(now);
  }
  return found;
}

const anySubset = fc.nat(0xffff);

describe('killed at any point', () => {
  test('the old, the new and any other policy converge', () => {
    fc.assert(
      fc.property(fromTo, anyPolicy, anySubset, ([before, after], other, subset) => {
        const { truck } = applySimulated(before, BARE_TRUCK);
        for (const wreck of wreckages(plan(after, truck).steps, truck, subset)) {
          for (const desired of [before, after, other]) {
            expect(plan(desired, applySimulated(desired, wreck).truck).steps).toEqual([]);
          }
        }
      }),
      { numRuns: 15 },
    );
  });

  test('and killed again, and again, the truck converges all the same', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyPolicy, fc.nat(), anySubset), { minLength: 2, maxLength: 6 }), (attempts) => {
        let truck: Observed = BARE_TRUCK;
        for (const [desired, where, subset] of attempts) {
          const wrecks = wreckages(plan(desired, truck).steps, truck, subset);
          truck = wrecks[where % wrecks.length] ?? truck;
        }
        const last = attempts.at(-1)?.[0];
        if (last !== undefined) expect(plan(last, applySimulated(last, truck).truck).steps).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('down leaves nothing of ours, and so does a down that was killed itself and done again', () => {
    fc.assert(
      fc.property(anyPolicy, fc.nat(), fc.nat(), anySubset, (policy, where, again, subset) => {
        const wrecks = wreckages(plan(policy, BARE_TRUCK).steps, BARE_TRUCK, subset);
        const wreck = wrecks[where % wrecks.length] ?? BARE_TRUCK;
        const downs = wreckages(planRemoval(wreck), wreck, subset);
        const left = downs[again % downs.length] ?? wreck;
        const bare = planRemoval(left).reduce((state, step) => simulate(state, step, 'router'), left);
        expect({ ...bare, sysctls: {} }).toEqual(BARE_TRUCK);
      }),
      { numRuns: 150 },
    );
  });
});

describe('at every moment of an apply', () => {
  const everyMoment = (holds: (moment: Moment) => void, numRuns = 40) =>
    fc.assert(
      fc.property(fromTo, anySubset, ([before, after], subset) => {
        const { truck } = applySimulated(before, BARE_TRUCK);
        const { steps } = plan(after, truck);
        const rulesets = hostRulesets(before, after, steps);
        for (const now of wreckages(steps, truck, subset)) holds({ now, before, after, rulesets, begun: truck });
      }),
      { numRuns },
    );

  test('every link of ours that is up is covered by the host’s ruleset', () => {
    everyMoment(({ now, rulesets }) => {
      // Tampered with, as far as is known, is not the same as absent: the kernel swaps rulesets whole.
      if (now.hostRuleset === null) return;
      const covered = rulesets.get(now.hostRuleset) ?? [];
      expect(ownLinksUp(now).filter(({ name }) => !covered.includes(name))).toEqual([]);
    });
  });

  test('no link of ours is up that its sysctls don’t close', () => {
    everyMoment(({ now }) => {
      for (const { name } of ownLinksUp(now)) {
        expect([name, now.sysctls[`net/ipv4/conf/${name}/forwarding`]]).toEqual([name, '0']);
        const ignored = name === 'fb-host' ? '1' : '8';
        expect([name, now.sysctls[`net/ipv4/conf/${name}/arp_ignore`]]).toEqual([name, ignored]);
      }
    });
  });

  test('the host has no address on a link of ours but its own on the host link, under rules for it', () => {
    everyMoment(({ now, before, after, rulesets }) => {
      const own = [before, after].flatMap(({ links }) =>
        links.flatMap((link) => (link.kind === 'bridge' && link.address ? [link.address] : [])),
      );
      for (const { name, addresses } of now.links.filter(({ owned }) => owned)) {
        expect(name === 'fb-host' ? own : []).toEqual(expect.arrayContaining([...addresses]));
        if (addresses.length > 0 && now.hostRuleset !== null) expect(rulesets.get(now.hostRuleset)).toContain(name);
      }
    });
  });

  test('a bridge carries one segment: one VLAN, and no container of another', () => {
    everyMoment(({ now, before, after }) => {
      const mixed = now.links
        .filter(({ kind, owned }) => kind === 'bridge' && owned)
        .map(({ name }) => membersOf(name, now, before, after))
        .filter((members) => ![before, after].some((policy) => isOneSegment(members, policy)));
      expect(mixed).toEqual([]);
    }, 100);
  });

  test('a router that forwards has a ruleset, and the new one as soon as anything but the host’s own has changed', () => {
    everyMoment(({ now, before, after, begun }) => {
      if (now.router?.forwarding !== true || now.router.ruleset === null) return;
      const old = before.router.configuration.ruleset.fingerprint;
      const untouched =
        now.links === begun.links && now.networks === begun.networks && now.containers === begun.containers;
      const allowed = [after.router.configuration.ruleset.fingerprint, ...(untouched ? [old] : [])];
      expect(allowed).toContain(now.router.ruleset);
    });
  });

  test('no container of ours is on two segments', () => {
    everyMoment(({ now }) => {
      const apart = now.containers.filter(({ name }) => name !== 'router').map(({ endpoints }) => endpoints.length);
      expect(Math.max(0, ...apart)).toBeLessThanOrEqual(1);
    });
  });
});

/** The truck at one moment of an apply from one policy to another. */
interface Moment {
  readonly now: Observed;
  readonly before: TruckNetwork;
  readonly after: TruckNetwork;
  /** Links that each ruleset of the host covers, by its fingerprint. */
  readonly rulesets: ReadonlyMap<string, readonly string[]>;
  readonly begun: Observed;
}

function hostRulesets(before: TruckNetwork, after: TruckNetwork, steps: readonly Step[]): Moment['rulesets'] {
  return new Map([
    ...[before, after].map(
      ({ hostRuleset, closedLinks, hostLink }) =>
        [hostRuleset.fingerprint, covered(closedLinks, hostLink?.bridge)] as const,
    ),
    ...steps.flatMap((step) =>
      step.do === 'load-host-ruleset' ? [[step.ruleset.fingerprint, covered(step.links, step.hostLink)] as const] : [],
    ),
  ]);
}

const covered = (closed: readonly string[], hostLink?: string) => closed.concat(hostLink ?? []);

const ownLinksUp = ({ links }: Observed) => links.filter(({ owned, up }) => owned && up);

/** Who shares a bridge: VLANs, and networks in which there is a container. */
interface Members {
  readonly bridge: string;
  readonly vlans: readonly (number | undefined)[];
  readonly networks: readonly string[];
}

function membersOf(bridge: string, now: Observed, ...policies: readonly TruckNetwork[]): Members {
  const specifications = new Map<string | null, ContainerNetwork>(
    policies.flatMap(({ networks }) => networks).map((each) => [networkSpecification(each), each]),
  );
  const inhabited = new Set(now.containers.flatMap(({ endpoints }) => endpoints.map(({ network: name }) => name)));
  return {
    bridge,
    vlans: now.links.filter((link) => link.kind === 'vlan' && link.bridge === bridge).map(({ vlan }) => vlan),
    networks: now.networks
      .filter(({ name, specification }) => inhabited.has(name) && specifications.get(specification)?.bridge === bridge)
      .map(({ name }) => name),
  };
}

function isOneSegment({ bridge, vlans, networks }: Members, policy: TruckNetwork): boolean {
  if (vlans.length === 0 && networks.length === 0) return true;
  const own = policy.links.flatMap((link) => (link.kind === 'vlan' && link.bridge === bridge ? [link.vlan] : []));
  const segment = policy.networks.find((each) => each.bridge === bridge)?.name;
  return (
    vlans.length <= 1 &&
    vlans.every((vlan) => own.some((each) => each === vlan)) &&
    networks.every((name) => name === segment)
  );
}
