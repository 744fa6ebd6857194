import { dirname } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import type { LabKernel } from '../lab/kernel.ts';
import { Lab } from '../lab/lab.ts';
import { isLabName, LAB_NAME_RULE } from '../lab/name.ts';
import { EXIT, ExitError } from './exit.ts';
import type { Progress } from './progress.ts';
import { policyOf, readPolicyText } from './read-policy.ts';

export interface LabUpOptions {
  readonly name: string;
  readonly kernel: LabKernel;
}

export const nameOption = (): Option =>
  new Option('--name <lab>', 'labs of different names stand side by side').default('lab').argParser((name) => {
    if (!isLabName(name)) throw new InvalidArgumentError(LAB_NAME_RULE);
    return name;
  });

export const kernelOption = (): Option =>
  new Option('--kernel <whose>', "auto takes this machine's if it can, else Debian's in QEMU")
    .choices(['auto', 'this-machine', 'vm'])
    .default('auto');

export const labOptions = (): readonly Option[] => [nameOption(), kernelOption()];

/** @throws ExitError */
export function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new ExitError(
    EXIT.badInput,
    'a lab makes network namespaces and reads this machine for its VM: run it as root, or with sudo',
  );
}

/** Brings a lab up for a policy that was read and checked; when it is interrupted, what was made is removed again. @throws ExitError */
export async function upLab(
  policy: string,
  { name, kernel }: LabUpOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Lab> {
  try {
    // The bundle that this very file became: the truck gets the same.
    return await Lab.up({ name, policy, kernel, build: dirname(__filename), onProgress: progress.say, signal });
  } finally {
    progress.done();
  }
}

/** The text of a policy that a lab can be built for. @throws ExitError unless it is one, and this is root. */
export async function readLabPolicy(file: string): Promise<string> {
  requireRoot();
  const policy = await readPolicyText(file);
  policyOf(policy, file);
  return policy;
}

export const TAKEN_DOWN = 'interrupted; the lab was taken down';

export function nameOfKernel(kind: Exclude<LabKernel, 'auto'>): string {
  return kind === 'vm' ? "Debian's kernel in QEMU" : "this machine's kernel";
}
