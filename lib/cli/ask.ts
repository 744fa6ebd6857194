import { createInterface } from 'node:readline/promises';
import { EXIT, ExitError } from './exit.ts';

/** @throws ExitError unless somebody says yes */
export async function ask(question: string): Promise<void> {
  if (!process.stdin.isTTY) throw new ExitError(EXIT.badInput, `${question} Nobody can be asked here: say --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Ctrl-C ends the interface, and the question is never answered.
    const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
    const answer = await Promise.race([terminal.question(`${question} [y/N] `), ended]);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  throw new ExitError(EXIT.failed, 'nothing was written');
}
