import { describe } from '../../../lib/truck/steps.ts';
import { say } from '../../host/say.ts';
import type { WatchReport } from '../watch.ts';

export function sayReport({ event, ...report }: WatchReport): void {
  say(event, { ...report, ...('steps' in report ? { steps: report.steps.map(describe) } : {}) });
}
