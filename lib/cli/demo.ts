import { Command } from 'commander';
import * as z from 'zod';
import type { BypassTest } from '../../components/isolation-tester/bypass-test.ts';
import { Lab } from '../lab/lab.ts';
import type { Matrix } from '../truck/judge.ts';
import { EXIT, ExitError } from './exit.ts';
import { interruptible, unlessInterrupted } from './interrupt.ts';
import { type LabUpOptions, labOptions, nameOfKernel, readLabPolicy, TAKEN_DOWN, upLab } from './lab-up.ts';
import { paint, print, printJson, remark } from './output.ts';
import { Progress } from './progress.ts';
import { showBypasses } from './show-bypasses.ts';
import { showMatrix } from './show-matrix.ts';
import { jsonOption } from './truck-options.ts';

interface Options extends LabUpOptions {
  readonly keep: boolean;
  readonly json: boolean;
}

/** What `firebreak matrix --json` printed on the truck; only what is looked at here is checked. */
const Measured = z.object({
  matrix: z.custom<Matrix>((value) => value !== null && typeof value === 'object' && 'rows' in value),
  vantages: z.array(
    z.looseObject({ node: z.string(), kind: z.enum(['container', 'agent', 'canary', 'router', 'internet']) }),
  ),
});

/** The same of `firebreak bypasses --json`. */
const Tried = z.custom<BypassTest>((value) => value !== null && typeof value === 'object' && 'kinds' in value);

export function demoCommand(): Command {
  const command = new Command('demo')
    .description(
      'lab up, policy applied, every promise and every bypass measured and printed; exit code 0 only if all hold; needs root',
    )
    .argument('[policy]', 'policy file', 'examples/article.yaml')
    .option('--keep', 'leave the lab up', false)
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  sudo npm run demo\n  sudo firebreak demo --keep examples/station.yaml');
  for (const option of labOptions()) command.addOption(option);
  return command.action((file: string, options: Options) =>
    interruptible(TAKEN_DOWN, async (interrupted) => {
      const begun = performance.now();
      const progress = new Progress(options.json);
      const policy = await readLabPolicy(file);
      const lab = await upLab(policy, options, progress, interrupted);
      try {
        const measured = await unlessInterrupted(interrupted, proveInLab(lab, policy, progress));
        const seconds = Math.round((performance.now() - begun) / 100) / 10;
        if (options.json) printJson({ seconds, kernel: lab.machine.kind, ...measured });
        else {
          print(showMatrix(measured.matrix, measured.vantages));
          print();
          print(showBypasses(measured.bypasses));
          print(paint('dim', `${seconds} s from nothing to proof, on ${nameOfKernel(lab.machine.kind)}`));
        }
        const { matrix, bypasses } = measured;
        if (matrix.verdict !== 'isolated' || bypasses.verdict !== 'closed') process.exitCode = EXIT.failed;
      } finally {
        if (options.keep && !interrupted.aborted) remark(paint('dim', THE_LAB_STAYS, process.stderr));
        else {
          progress.say('taking the lab down');
          await Lab.down(options.name);
          progress.done();
        }
      }
    }),
  );
}

const THE_LAB_STAYS = 'the lab stays: firebreak lab exec device1 -- ping -c1 8.8.8.8; firebreak lab down';

/** Applies a policy on the lab's truck and measures it there. @throws Error or ExitError of the truck's own words. */
export async function proveInLab(lab: Lab, policy: string, progress: Progress) {
  progress.say('applying the policy on the truck');
  await lab.firebreak(['apply', '-', '--json'], { input: policy });
  progress.say('measuring the matrix');
  const measured = await ask(lab, policy, 'matrix', ['matrix', '-', '--json'], Measured);
  progress.say('trying the bypasses');
  const bypasses = await ask(lab, policy, 'bypasses', ['bypasses', '-', '--json', '--disturb'], Tried);
  progress.done();
  return { ...measured, bypasses };
}

/** What a command on the truck prints, whatever it comes to. @throws ExitError with its words, if that is not what was asked for */
async function ask<T>(
  lab: Lab,
  policy: string,
  what: string,
  argv: readonly string[],
  schema: z.ZodType<T>,
): Promise<T> {
  const { stdout, stderr } = await lab.firebreak(argv, { input: policy, check: false });
  const printed = schema.safeParse(stdout === '' ? null : JSON.parse(stdout));
  if (!printed.success) throw new ExitError(EXIT.failed, `the ${what} could not be measured: ${stderr}`);
  return printed.data;
}
