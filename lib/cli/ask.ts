import { createInterface } from 'node:readline/promises';
import { EXIT, ExitError } from './exit.ts';

/** @throws ExitError unless somebody says yes */
export async function ask(question: string): Promise<void> {
  if (!process.stdin.isTTY) throw new ExitError(EXIT.badInput, `${question} Nobody can be asked here: say --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    if (/^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim())) return;
  } finally {
    terminal.close();
  }
  throw new ExitError(EXIT.failed, 'nothing was written');
}
