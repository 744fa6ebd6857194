import type { Draft } from '../draft.ts';
import { suggester } from '../nearest.ts';
import { isRange, mergeRanges, rangeText, toRange } from '../ports.ts';
import { type Problem, flows as say } from '../problems.ts';
import type { FlowEntry } from '../schema.ts';

const INTERNET = 'internet';

/** Both ends of a flow exist. */
export function* unknownEndpoints(draft: Draft): Iterable<Problem> {
  if (!draft.namesAreKnown) return;
  const known = new Set([...draft.declared.segments, ...draft.declared.nodes, INTERNET]);
  const suggest = suggester(known);
  for (const [name, flow] of draft.flows) {
    for (const end of ['from', 'to'] as const) {
      if (!known.has(flow[end])) yield say.unknownEndpoint(`flows.${name}.${end}`, flow[end], suggest(flow[end]));
    }
  }
}

/** A flow leads from one segment to another, or out to the internet. */
export function* direction(draft: Draft): Iterable<Problem> {
  for (const [name, { from, to }] of draft.flows) {
    const segment = segmentOf(draft, from);
    if (from === INTERNET) yield say.fromInternet(`flows.${name}.from`);
    if (from === to) yield say.toItself(`flows.${name}.to`, from);
    else if (segment !== undefined && segment === segmentOf(draft, to))
      yield say.sameSegment(`flows.${name}.to`, segment);
  }
}

/** Ports make sense. */
export function* ports(draft: Draft): Iterable<Problem> {
  for (const [name, { protocol, ports: list = [] }] of draft.flows) {
    if (protocol === 'icmp' && list.length > 0) yield say.icmpPorts(`flows.${name}.ports`);
    for (const [index, port] of list.entries()) {
      if (!isRange(toRange(port))) yield say.badRange(`flows.${name}.ports[${index}]`, String(port));
    }
    yield* overlappingPorts(name, list);
  }
}

/** Sorted by their beginning, a range can only overlap what reaches furthest before it. */
function* overlappingPorts(flow: string, list: readonly (number | string)[]): Iterable<Problem> {
  const ranges = list.map((port, index) => ({ index, ...toRange(port) })).filter(isRange);
  ranges.sort((a, b) => a.from - b.from || a.index - b.index);
  let furthest = ranges[0];
  for (const range of ranges.slice(1)) {
    if (furthest !== undefined && range.from <= furthest.to) {
      yield say.overlappingPorts(`flows.${flow}.ports[${range.index}]`, rangeText(range), rangeText(furthest));
    }
    if (furthest === undefined || range.to > furthest.to) furthest = range;
  }
}

/** A flow that ends has somebody who answers for it, and a time in which it is in force. */
export function* terms(draft: Draft): Iterable<Problem> {
  for (const [name, { starts, expires, owner, reason }] of draft.flows) {
    if (expires === undefined) continue;
    if (starts !== undefined && Date.parse(starts) >= Date.parse(expires))
      yield say.endsBeforeItStarts(`flows.${name}.expires`, starts);
    for (const [field, text] of Object.entries({ owner, reason })) {
      if (text === undefined) yield say.unexplained(`flows.${name}.${field}`, field);
    }
  }
}

/** Nothing is said twice. */
export function* redundant(draft: Draft): Iterable<Problem> {
  const first = new Map<string, string>();
  for (const [name, flow] of draft.flows) {
    const meaning = meaningOf(flow);
    const other = first.get(meaning);
    if (other !== undefined) yield say.duplicate(`flows.${name}`, other);
    else first.set(meaning, name);
    const segment = segmentOf(draft, flow.from);
    if (flow.to === INTERNET && segment !== undefined && draft.segments.get(segment)?.internet) {
      yield say.redundantInternet(`flows.${name}`, segment);
    }
  }
}

function meaningOf({ from, to, protocol, ports: list = [], starts, expires }: FlowEntry): string {
  const ranges = mergeRanges(list.map(toRange)).map(rangeText);
  const term = [starts, expires].map((moment) => (moment === undefined ? '' : Date.parse(moment)));
  return [from, to, protocol, ...term, ...ranges].join(' ');
}

/** The segment that an end of a flow is, or is in. */
function segmentOf(draft: Draft, endpoint: string): string | undefined {
  if (draft.declared.segments.has(endpoint)) return endpoint;
  return draft.containers.get(endpoint)?.segment ?? draft.devices.get(endpoint)?.segment;
}
