import { SCRIPT_TRIALS, type ScriptTrial } from '../components/router/script-trials.ts';
import { ScriptTruck } from '../components/router/script-truck.ts';
import { SERVED_TRIALS } from '../components/router/served-trials.ts';
import { allHold, firstToFail } from './kill.ts';
import type { Run } from './namespaces.ts';
import { type ScriptMutation, withoutInScript } from './script.ts';

const TRIALS: Readonly<Record<ScriptMutation['noticed'], ScriptTrial>> = { ...SCRIPT_TRIALS, ...SERVED_TRIALS };
const ALL = Object.values(TRIALS);

/** Runs the router's script without one thing after the other, natively. @throws Error if its trials fail without a mutation, before or afterwards */
export async function inRouterScript(all: readonly ScriptMutation[], { report, signal }: Run): Promise<void> {
  if (all.length === 0) return;
  const truck = await ScriptTruck.make();
  try {
    await allHold(ALL, truck);
    for (const mutation of all) {
      signal.throwIfAborted();
      const begun = performance.now();
      truck.changing((file, text) => (file === mutation.file ? withoutInScript(text, mutation) : text));
      const expected = TRIALS[mutation.noticed];
      const killed = await firstToFail([expected, ...ALL.filter((trial) => trial !== expected)], truck);
      const seconds = Math.round(performance.now() - begun) / 1000;
      report({ truck: 'router script', mutation: mutation.name, ...killed, seconds });
    }
    truck.changing();
    await allHold(ALL, truck);
  } finally {
    await truck.remove();
  }
}
