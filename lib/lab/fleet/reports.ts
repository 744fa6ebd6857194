import { createHash } from 'node:crypto';
import type { Policy } from '../../policy/index.ts';
import {
  type EvidencePart,
  evidenceParts,
  type IsolationReported,
  isolationReported,
  readDesired,
  type Wish,
} from '../../shadow/index.ts';
import type { Expectation, Observation } from '../../truck/expectation.ts';
import { expectations } from '../../truck/expectations.ts';
import { judge, type Matrix } from '../../truck/judge.ts';
import type { Traits } from './traits.ts';

/** What a simulated truck has in force. */
export interface InForce {
  readonly policy: Policy;
  readonly document: string;
}

/** What a truck that measured says to the cloud. */
export interface Measured {
  readonly reported: IsolationReported;
  readonly parts: readonly EvidencePart[];
}

/** So many different policies are remembered with what they come to. */
const REMEMBERED = 64;

/**
 * What trucks come to, by the components' own words (lib/shadow), without doing it: that a thousand trucks get the same policy is worked out
 * once.
 */
export class Reports {
  readonly #wishes = new Map<string, Wish>();
  readonly #matrices = new Map<string, Matrix>();

  /** As the network manager reads `desired`. */
  wish(section: unknown, thing: string, lastSequence: number | undefined): Wish {
    const isForAll = typeof section !== 'object' || section === null || !('thing' in section);
    const key = hash(JSON.stringify([section ?? null, lastSequence ?? null, isForAll ? null : thing]));
    const context = { thing, ...(lastSequence !== undefined && { lastSequence }) };
    return remembered(this.#wishes, key, () => readDesired(section, context));
  }

  /** As the isolation tester says it. @param everyMs until the next time */
  isolation(
    thing: string,
    { policy }: InForce,
    { verdict }: Traits,
    agent: string,
    now: number,
    everyMs: number,
  ): Measured {
    const { revision } = policy;
    const matrix = remembered(this.#matrices, `${revision.id} ${verdict}`, () => measured(policy, now, verdict));
    const at = new Date(now).toISOString();
    const parts = evidenceParts({ thing, revision, at, matrix, vantages: [], durationMs: 0 });
    const [first] = parts;
    const reported = isolationReported({
      ...{ revision, matrix, measuredAt: now, nextAt: now + everyMs, agent },
      ...(first !== undefined && { evidence: { sha256: first.sha256, parts: first.parts } }),
    });
    return { reported, parts };
  }
}

/** Everything as promised; or one pair through which something gets that must not. */
function measured(policy: Policy, at: number, verdict: Traits['verdict']): Matrix {
  const all = expectations(policy, at);
  const leak = verdict === 'breached' ? all.find((expectation) => expectation.verdict === 'isolated') : undefined;
  // What must be silent proves something only if it has spoken to somebody: each target is asked as by one who may.
  const controls = all.map(
    (expectation): Expectation => ({ ...expectation, id: `${expectation.id} control`, verdict: 'reachable' }),
  );
  const observations = [
    ...all.map((one) => observed(one.id, one.verdict === 'reachable' || one === leak)),
    ...controls.map(({ id }) => observed(id, true)),
  ];
  return judge(all, observations, controls);
}

const observed = (id: string, isReachable: boolean): Observation => ({
  ...{ id, arrived: isReachable },
  ...(isReachable ? { reply: 'answer', roundTripMs: 1 } : { reply: 'none' }),
});

const hash = (text: string) => createHash('sha256').update(text).digest('base64');

function remembered<Value>(known: Map<string, Value>, key: string, make: () => Value): Value {
  const there = known.get(key);
  if (there !== undefined) return there;
  const made = make();
  const [oldest] = known.keys();
  if (known.size >= REMEMBERED && oldest !== undefined) known.delete(oldest);
  known.set(key, made);
  return made;
}
