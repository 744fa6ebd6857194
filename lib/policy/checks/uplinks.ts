import type { Draft } from '../draft.ts';
import { type Problem, uplinks as say } from '../problems.ts';

/** An uplink's address is either given in full or taken by DHCP. */
export function* addressing(draft: Draft): Iterable<Problem> {
  for (const [name, uplink] of draft.uplinks) {
    for (const field of ['subnet', 'address', 'gateway'] as const) {
      if (uplink.dhcp && uplink[field] !== undefined) yield say.dhcpField(`uplinks.${name}.${field}`);
      if (!uplink.dhcp && uplink[field] === undefined) yield say.staticField(`uplinks.${name}.${field}`);
    }
    if (uplink.dhcp && uplink.driver === 'ipvlan') yield say.ipvlanWithDhcp(`uplinks.${name}.dhcp`);
  }
}

/** Whoever may speak to the internet needs a way there. */
export function* wayOut(draft: Draft): Iterable<Problem> {
  if (!draft.namesAreKnown || draft.declared.uplinks.size > 0) return;
  if (draft.host?.internet === true) yield say.nobody('host.internet');
  for (const [name, segment] of draft.segments) {
    if (segment.internet) yield say.nobody(`segments.${name}.internet`);
  }
  for (const [name, flow] of draft.flows) {
    if (flow.to === 'internet') yield say.nobody(`flows.${name}.to`);
  }
}
