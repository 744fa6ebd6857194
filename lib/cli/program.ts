import { Command } from 'commander';
import { applyCommand } from './apply.ts';
import { bypassesCommand } from './bypasses.ts';
import { demoCommand } from './demo.ts';
import { downCommand } from './down.ts';
import { labCommand } from './lab.ts';
import { matrixCommand } from './matrix.ts';
import { policyCommand } from './policy.ts';
import { recoverCommand } from './recover.ts';
import { routerImageCommand } from './router-image.ts';
import { statusCommand } from './status.ts';
import { watchCommand } from './watch.ts';

/** All commands. None ends the process: what commander would end it for, it throws as CommanderError. */
export function program(): Command {
  const root = new Command('firebreak')
    .description('Isolated virtual networks for a truck, proved by measurement.')
    .enablePositionalOptions()
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak policy check examples/article.yaml\n  sudo firebreak apply examples/article.yaml\n  sudo firebreak demo',
    )
    .addCommand(policyCommand())
    .addCommand(applyCommand())
    .addCommand(statusCommand())
    .addCommand(recoverCommand())
    .addCommand(watchCommand())
    .addCommand(matrixCommand())
    .addCommand(bypassesCommand())
    .addCommand(downCommand())
    .addCommand(routerImageCommand())
    .addCommand(labCommand())
    .addCommand(demoCommand());
  // `addCommand` hands no settings down.
  for (const command of withDescendants(root)) command.exitOverride();
  return root;
}

function withDescendants(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withDescendants)];
}
