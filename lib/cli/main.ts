import { type Command, CommanderError } from 'commander';
import { EXIT, ExitError } from './exit.ts';
import { paint, printJson, remark } from './output.ts';
import { program } from './program.ts';

/**
 * The command line. Sets the exit code, never exits: what is written gets out.
 * @param commandsFor the commands that the first word may ask for
 */
export async function main(
  argv: readonly string[],
  commandsFor: (word: string | undefined) => Promise<readonly Command[]>,
): Promise<void> {
  try {
    await program(await commandsFor(argv[2])).parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error, argv.includes('--json'));
  }
}

/** Says what went wrong, on standard error, and with --json as an object on standard output, too. */
function report(error: unknown, json: boolean): number {
  // Help that was asked for.
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const message = error instanceof Error ? error.message : String(error);
  // Commander has said it already.
  if (!(error instanceof CommanderError)) remark(`${paint('red', 'firebreak:', process.stderr)} ${message}`);
  if (json) printJson({ error: message, ...(error instanceof ExitError ? error.details : {}) });
  if (error instanceof CommanderError) return EXIT.badInput;
  return error instanceof ExitError ? error.exitCode : EXIT.failed;
}
