import { assembleEvidence, type Evidence, type EvidencePart, missingParts, readPart } from '../../../shadow/index.ts';

/** Of what is asked for. Milliseconds since 1970, `to` excluded: when it was measured. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** What can't be part of an audit, and why. */
export interface Rejected {
  readonly where: string;
  readonly why: string;
}

/**
 * Puts evidence together from the messages of an archive, in whichever order and however often they lie there. What was changed on its way, or
 * isn't whole, is never handed out, but told.
 */
export class Gathering {
  readonly #period: Period;
  readonly #waiting = new Map<string, Map<number, EvidencePart>>();
  readonly #done = new Set<string>();
  readonly rejected: Rejected[] = [];

  constructor(period: Period) {
    this.#period = period;
  }

  /** @returns the evidence that this message completes, if it is of the period. @param where for the rejection */
  add(line: string, where: string): Evidence | null {
    try {
      const part = readPart(Buffer.from(line));
      const key = keyOf(part);
      if (!isWithin(part.at, this.#period) || this.#done.has(key)) return null;
      const parts = this.#waiting.get(key) ?? new Map<number, EvidencePart>();
      this.#waiting.set(key, parts.set(part.part, part));
      if (missingParts([...parts.values()]).length > 0) return null;
      this.#waiting.delete(key);
      const evidence = assembleEvidence([...parts.values()]);
      this.#done.add(key);
      return evidence;
    } catch (error) {
      this.rejected.push({ where, why: error instanceof Error ? error.message : String(error) });
      return null;
    }
  }

  /** Evidence of which parts are missing. */
  incomplete(): readonly { readonly thing: string; readonly at: string; readonly missing: readonly number[] }[] {
    return [...this.#waiting.values()].flatMap((parts) => {
      const [first] = parts.values();
      if (first === undefined) return [];
      return [{ thing: first.thing, at: first.at, missing: missingParts([...parts.values()]) }];
    });
  }
}

const keyOf = ({ thing, revision, at, sha256, parts }: EvidencePart) => [thing, revision, at, sha256, parts].join(' ');

function isWithin(at: string, { from, to }: Period): boolean {
  const measured = Date.parse(at);
  if (Number.isNaN(measured)) throw new Error(`${at} is no time`);
  return from <= measured && measured < to;
}

const DAY_MS = 86_400_000;

/** The days (UTC) on which evidence of the period may have arrived, the first one first. @param lateDays so long a truck may have been away */
export function* arrivalDays({ from, to }: Period, lateDays: number): Iterable<Date> {
  for (let day = Math.floor(from / DAY_MS) * DAY_MS; day < to + lateDays * DAY_MS; day += DAY_MS) yield new Date(day);
}
