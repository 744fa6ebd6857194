import { setTimeout as pause } from 'node:timers/promises';
import { allowed } from '../../lib/lab/flood/allowed.ts';
import type { FloodVerdict } from '../../lib/lab/flood/judge.ts';
import type { LabFlood } from '../../lib/lab/flood/lab-flood.ts';
import type { FloodReport, Tally } from '../../lib/lab/flood/stream.ts';
import type { Policy } from '../../lib/policy/index.ts';

/** So many packets of each stream shall have gone before anything is concluded. */
const ENOUGH = 100;
const FLOWING_WITHIN_MS = 60_000;

/**
 * Waits until, in the present phase, conversations that these policies allow come through, and enough has been sent of everything.
 * @throws Error after a minute
 */
export async function flowing(flood: LabFlood, policies: readonly Policy[]): Promise<void> {
  const begun = performance.now();
  const tookMs: number[] = [];
  for (;;) {
    const asked = performance.now();
    const { tallies } = await flood.counts.tell();
    tookMs.push(Math.round(performance.now() - asked));
    const present = tallies.filter(({ phase }) => phase === flood.present);
    const missing = present.filter((tally) => !isFlowing(tally, policies));
    if (present.length > 0 && missing.length === 0) return;
    if (performance.now() - begun > FLOWING_WITHIN_MS) {
      throw new Error(
        `does not flow (the flood was asked ${tookMs.length} times, and answered within ${Math.max(...tookMs)} ms): ${missing.map(({ stream, sent, heard }) => `${stream.name}: ${sent} sent, ${JSON.stringify(heard)}`).join('; ')}`,
      );
    }
    await pause(100);
  }
}

function isFlowing({ stream, sent, unsent, heard, answers }: Tally, policies: readonly Policy[]): boolean {
  if (sent + unsent < ENOUGH) return false;
  if (stream.packets.kind === 'frames' || !policies.every((policy) => allowed(policy, stream))) return true;
  return Object.keys(heard).length > 0 || Object.keys(answers).length > 0;
}

/** A verdict as a test compares it: in lines. */
export function shown({ forbidden, lost, inconclusive }: FloodVerdict) {
  const lines = (findings: FloodVerdict['forbidden']) =>
    findings.map(({ stream, phase, packets, of, what }) => `${stream}, ${phase}: ${packets} of ${of} ${what}`);
  return { forbidden: lines(forbidden), lost: lines(lost), inconclusive };
}

/** A verdict and the pace of the flood in a phase, in one line. */
export function inFigures({ tallies }: FloodReport, verdict: FloodVerdict, phase: string): string {
  const frames = tallies.filter((tally) => tally.phase === phase && tally.stream.packets.kind === 'frames');
  const every = frames.map(({ ranMs, sent, unsent }) => ranMs / Math.max(1, sent + unsent)).sort((a, b) => a - b);
  const longest = Math.max(0, ...frames.map(({ longestPauseMs }) => longestPauseMs));
  const sum = (findings: FloodVerdict['lost']) => findings.reduce((total, { packets }) => total + packets, 0);
  return [
    `${sum(verdict.forbidden)} of ${verdict.forbiddenSent} forbidden packets passed`,
    `${sum(verdict.lost)} of ${verdict.due} due ones lost`,
    `${frames.length} forbidden streams, one packet in ${(every[every.length >> 1] ?? 0).toFixed(1)} ms each, longest pause ${Math.round(longest)} ms`,
  ].join('; ');
}
