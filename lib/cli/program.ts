import { Command } from 'commander';

/** `firebreak` with these commands. None ends the process: what commander would end it for, it throws as CommanderError. */
export function program(commands: readonly Command[]): Command {
  const root = new Command('firebreak')
    .description('Isolated virtual networks for a truck, proved by measurement.')
    .enablePositionalOptions()
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak policy check examples/article.yaml\n  sudo firebreak apply examples/article.yaml\n  sudo firebreak demo',
    );
  for (const command of commands) root.addCommand(command);
  // `addCommand` hands no settings down.
  for (const command of withDescendants(root)) command.exitOverride();
  return root;
}

function withDescendants(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withDescendants)];
}
