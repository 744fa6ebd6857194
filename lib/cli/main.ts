import { Command, CommanderError } from 'commander';
import { applyCommand } from './apply.ts';
import { demoCommand } from './demo.ts';
import { downCommand } from './down.ts';
import { EXIT, ExitError } from './exit.ts';
import { labCommand } from './lab.ts';
import { matrixCommand } from './matrix.ts';
import { paint, printJson, remark } from './output.ts';
import { policyCommand } from './policy.ts';

/** The command line. Sets the exit code, never exits: what is written gets out. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('firebreak')
    .description('Isolated virtual networks for a truck, proved by measurement.')
    .exitOverride()
    .enablePositionalOptions()
    .addCommand(policyCommand())
    .addCommand(applyCommand())
    .addCommand(matrixCommand())
    .addCommand(downCommand())
    .addCommand(labCommand())
    .addCommand(demoCommand());
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error, argv.includes('--json'));
  }
}

/** Says what went wrong, on standard error, and with --json as an object on standard output, too. */
function report(error: unknown, json: boolean): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
  const message = error instanceof Error ? error.message : String(error);
  remark(`${paint('red', 'firebreak:', process.stderr)} ${message}`);
  if (json) printJson({ error: message, ...(error instanceof ExitError ? error.details : {}) });
  return error instanceof ExitError ? error.exitCode : EXIT.failed;
}
