import { describe } from '../../../lib/truck/steps.ts';
import type { WatchReport } from '../watch.ts';

/** One line of JSON for the component's log. */
export function say(event: string, details: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...details })}\n`);
}

export function sayReport({ event, ...report }: WatchReport): void {
  say(event, { ...report, ...('steps' in report ? { steps: report.steps.map(describe) } : {}) });
}

export const sayError = (error: unknown): void =>
  say('error', { why: error instanceof Error ? error.message : String(error) });
