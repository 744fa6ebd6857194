import type { Policy } from '../../policy/index.ts';
import type { Document } from './served-truck.ts';

/** The policies of the demo, made from the one that it is given; pure. */

/** The host has its way out, or the truck would not reach its cloud. */
export function withHostLink(document: Document): Document {
  return { ...document, host: document.host ?? { internet: true } };
}

/** The truck before anything is desired: its way to the cloud, and the first segment without anybody in it. */
export function baselineOf({ version, trunk, host, uplinks, segments }: Document): Document {
  const [first] = Object.entries(segments as Document);
  return { version, trunk, host, uplinks, segments: Object.fromEntries(first === undefined ? [] : [first]) };
}

/** Two containers between which nothing passes yet, if there are any. */
export function strangers(policy: Policy): readonly [string, string] | null {
  const containers = policy.nodes.filter(({ kind }) => kind === 'container');
  for (const from of containers) {
    const to = containers.find(({ segment }) => segment !== from.segment);
    const isKnown = policy.flows.some((flow) => flow.from === from.name || flow.to === from.name);
    if (to !== undefined && !isKnown) return [from.name, to.name];
  }
  return null;
}

export function withFlow(document: Document, [from, to]: readonly [string, string]): Document {
  const flow = { from, to, protocol: 'icmp' };
  return { ...document, flows: { ...(document.flows as Document | undefined), 'demo-flow': flow } };
}

/** The uplinks lead nowhere: another network than that behind them (TEST-NET-3, RFC 5737). */
export function withoutUplink(document: Document): Document {
  const cut = (uplink: Document, index: number) => ({
    interface: uplink.interface,
    ...{
      subnet: `203.0.113.${index * 16}/28`,
      address: `203.0.113.${index * 16 + 2}`,
      gateway: `203.0.113.${index * 16 + 1}`,
    },
  });
  const uplinks = Object.entries(document.uplinks as Readonly<Record<string, Document>>);
  return {
    ...document,
    uplinks: Object.fromEntries(uplinks.map(([name, uplink], index) => [name, cut(uplink, index)])),
  };
}
