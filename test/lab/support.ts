import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Lab } from '../../lib/lab/lab.ts';
import type { Matrix } from '../../lib/truck/judge.ts';
import { labName } from './lab-name.ts';

export const ROOT = join(__dirname, '../..');

/** Name of the lab that this worker has. */
export function presentLab(): string {
  const { FIREBREAK_TEST_LAB: run, JEST_WORKER_ID: worker = '1' } = process.env;
  if (run === undefined) throw new Error('no lab: run these tests with jest --selectProjects lab');
  return labName(run, Number(worker));
}

export const openLab = (): Promise<Lab> => Lab.open(presentLab());

export const example = (name: string): string => readFileSync(join(ROOT, 'examples', name), 'utf8');

export interface AppliedReport {
  readonly steps: readonly string[];
  readonly drift: readonly string[];
}

/** `firebreak apply` on the truck. @throws MachineError with its words, if it fails. */
export async function apply(lab: Lab, policy: string): Promise<AppliedReport> {
  const { stdout } = await lab.firebreak(['apply', '-', '--json'], { input: policy });
  return JSON.parse(stdout) as AppliedReport;
}

/** Plugs in the policy's devices and applies it: the lab is this policy's, whatever another test has made of it. */
export async function bringUp(lab: Lab, policy: string): Promise<AppliedReport> {
  await lab.plug(policy);
  return await apply(lab, policy);
}

/** `firebreak matrix` on the truck, whatever it comes to. */
export async function matrix(lab: Lab, policy: string): Promise<Matrix> {
  const { stdout, stderr } = await lab.firebreak(['matrix', '-', '--json'], { input: policy, check: false });
  if (stdout === '') throw new Error(stderr);
  const printed = JSON.parse(stdout) as { readonly matrix?: Matrix; readonly error?: string };
  if (printed.matrix === undefined) throw new Error(printed.error ?? stdout);
  return printed.matrix;
}

/** The rows that did not come out as expected, in words; empty when all hold. */
export function failures({ rows }: Matrix): readonly string[] {
  return rows
    .filter(({ outcome }) => outcome !== 'as-expected')
    .map(({ expectation, observed, outcome, reason }) => `${expectation.id}: ${outcome}, ${observed} (${reason})`);
}

/** Measures again and again until all hold; every matrix on the way is given to `meanwhile`. @throws Error after the deadline (ms). */
export async function untilProved(
  lab: Lab,
  policy: string,
  { deadline, meanwhile }: { readonly deadline: number; readonly meanwhile: (matrix: Matrix) => void },
): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const measured = await matrix(lab, policy);
    meanwhile(measured);
    if (failures(measured).length === 0) return;
    if (performance.now() - begun > deadline)
      throw new Error(`not proved within ${deadline} ms: ${failures(measured).join('; ')}`);
    await pause(100);
  }
}
