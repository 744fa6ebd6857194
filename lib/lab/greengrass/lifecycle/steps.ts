import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Lifecycle, STEPS } from '../recipes/schema.ts';

export type StepName = (typeof STEPS)[number];

/** In seconds; without one it may take as long as it likes. */
const TIMEOUTS: Readonly<Record<StepName, number | undefined>> = {
  ...{ bootstrap: 120, install: 120, startup: 120, run: undefined, shutdown: 15, recover: 60 },
};

/** A step of a lifecycle, with everything put in its place. */
export interface ReadyStep {
  readonly script: string;
  readonly timeoutMs: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * @param fill puts recipe variables in their place
 * @param path the PATH that "onpath" means
 * @returns undefined if there is nothing to do
 */
export function readyStep(
  lifecycle: Lifecycle,
  name: StepName,
  fill: (text: string) => string,
  path: string,
): ReadyStep | undefined {
  const step = lifecycle[name];
  if (step === undefined) return undefined;
  const { Script, Skipif, Timeout, Setenv } = typeof step === 'string' ? { Script: step } : step;
  if (Skipif !== undefined && isSkipped(fill(Skipif), path)) return undefined;
  const seconds = Timeout === undefined ? TIMEOUTS[name] : Number(fill(String(Timeout)));
  const all = Object.entries({ ...lifecycle.Setenv, ...Setenv });
  return {
    script: fill(Script),
    timeoutMs: seconds === undefined || Number.isNaN(seconds) ? undefined : seconds * 1000,
    environment: Object.fromEntries(all.map(([key, value]) => [key, fill(String(value))])),
  };
}

function isSkipped(condition: string, path: string): boolean {
  const [, word, what = ''] = /^(onpath|exists)\s+(.+)$/.exec(condition.trim()) ?? [];
  if (word === 'exists') return existsSync(what);
  return word === 'onpath' && path.split(':').some((directory) => isExecutable(join(directory, what)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
