import type { Command } from 'commander';
import { applyCommand } from '../../../lib/cli/apply.ts';
import { bypassesCommand } from '../../../lib/cli/bypasses.ts';
import { commandsFor } from '../../../lib/cli/commands.ts';
import { confirmCommand } from '../../../lib/cli/confirm.ts';
import { demoCommand } from '../../../lib/cli/demo/demo.ts';
import { downCommand } from '../../../lib/cli/down.ts';
import { dropsCommand } from '../../../lib/cli/drops.ts';
import { fleetCommand } from '../../../lib/cli/fleet/fleet.ts';
import { guardCommand } from '../../../lib/cli/guard.ts';
import { labCommand } from '../../../lib/cli/lab.ts';
import { leasesCommand } from '../../../lib/cli/leases.ts';
import { main } from '../../../lib/cli/main.ts';
import { matrixCommand } from '../../../lib/cli/matrix.ts';
import { policyCommand } from '../../../lib/cli/policy.ts';
import { program } from '../../../lib/cli/program.ts';
import { recoverCommand } from '../../../lib/cli/recover.ts';
import { routerImageCommand } from '../../../lib/cli/router-image.ts';
import { statusCommand } from '../../../lib/cli/status.ts';
import { truckCommand } from '../../../lib/cli/truck/truck.ts';
import { watchCommand } from '../../../lib/cli/watch.ts';

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `firebreak …` in this process, as root as far as it knows. That a command ends the process is an error. */
export async function firebreak(...argv: readonly string[]): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  const capture = (stream: 'stdout' | 'stderr') =>
    jest.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  const before = process.exitCode;
  const spies = [
    capture('stdout'),
    capture('stderr'),
    jest.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Error(`a command ended the process with ${code}`);
    }),
    jest.spyOn(process as { getuid: () => number }, 'getuid').mockReturnValue(0),
  ];
  process.exitCode = undefined;
  try {
    await main(['node', 'firebreak', ...argv], commandsFor);
    return { exitCode: Number(process.exitCode ?? 0), ...written };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}

/** What `commandsFor` loads, at once. */
function wholeProgram(): Command {
  return program([
    policyCommand(),
    applyCommand(),
    confirmCommand(),
    guardCommand(),
    statusCommand(),
    recoverCommand(),
    watchCommand(),
    matrixCommand(),
    bypassesCommand(),
    dropsCommand(),
    leasesCommand(),
    downCommand(),
    routerImageCommand(),
    truckCommand(),
    fleetCommand(),
    labCommand(),
    demoCommand(),
  ]);
}

/** Every command with the words that lead to it: [] is `firebreak` itself. */
export function commands(): readonly { readonly words: readonly string[]; readonly command: Command }[] {
  const below = (command: Command, words: readonly string[]): ReturnType<typeof commands> => [
    { words, command },
    ...command.commands.flatMap((child) => below(child, [...words, child.name()])),
  ];
  return below(wholeProgram(), []);
}

/** Which command these words are for, and its arguments; nothing is done. @throws CommanderError if they are wrong */
export function parsed(argv: readonly string[]): { readonly command: string; readonly args: readonly string[] } {
  const root = wholeProgram();
  const found: { command: string; args: readonly string[] }[] = [];
  const prepare = (command: Command, words: readonly string[]): void => {
    command.configureOutput({ writeErr: () => undefined });
    for (const child of command.commands) prepare(child, [...words, child.name()]);
    if (command.commands.length === 0) {
      command.action(() => {
        found.push({ command: words.join(' '), args: command.args });
      });
    }
  };
  prepare(root, []);
  root.parse(['node', 'firebreak', ...argv]);
  const [result] = found;
  if (result === undefined) throw new Error(`${argv.join(' ')} leads to no command`);
  return result;
}

/** The command lines of a text that begin with `firebreak`, with or without `sudo`, as words; a shell's redirections and comments are left out. */
export function examplesIn(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .map((line) => /^\s*(?:sudo )?firebreak (.*)$/.exec(line)?.[1])
    .filter((rest) => rest !== undefined)
    .map((rest) => rest.replace(/\s+#.*$/, '').replace(/\s+[<>]\s*\S+/g, ''))
    .map((rest) => rest.trim().split(/\s+/));
}
