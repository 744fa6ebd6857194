import { dirname } from 'node:path';
import { Command } from 'commander';
import { Lab } from '../../lab/lab.ts';
import { EXIT } from '../exit.ts';
import { interruptible, unlessInterrupted } from '../interrupt.ts';
import { type LabUpOptions, labOptions, nameOfKernel, readLabPolicy, TAKEN_DOWN, upLab } from '../lab-up.ts';
import { paint, print, printJson, remark } from '../output.ts';
import { Progress } from '../progress.ts';
import { jsonOption } from '../truck-options.ts';
import { tellStory } from './story.ts';

interface Options extends LabUpOptions {
  readonly keep: boolean;
  readonly json: boolean;
}

export function demoCommand(): Command {
  const command = new Command('demo')
    .description(
      'a truck in service in a lab: components deployed, policy by shadow, every promise and every bypass measured and printed, a flow opened and closed, a policy that cuts the uplink rolled back; exit code 0 only if all hold; needs root',
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
        const told = await unlessInterrupted(
          interrupted,
          tellStory(lab, policy, { ...options, build: dirname(__filename) }, progress, interrupted),
        );
        const seconds = Math.round((performance.now() - begun) / 100) / 10;
        if (options.json) printJson({ seconds, kernel: lab.machine.kind, ...told });
        else print(paint('dim', `${seconds} s from nothing to proof, on ${nameOfKernel(lab.machine.kind)}`));
        if (!told.holds) process.exitCode = EXIT.failed;
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
