import { readFile } from 'node:fs/promises';
import { Option } from 'commander';
import * as z from 'zod';
import { EXIT, ExitError } from './exit.ts';

const Agents = z.record(z.string(), z.string());

export const agentsOption = (): Option =>
  new Option('--agents <file>', 'JSON: network namespace of each device (or internet) that measures for itself').env(
    'FIREBREAK_AGENTS',
  );

/** Which nodes measure for themselves, and the path of their network namespace. @throws ExitError */
export async function readAgents(file: string | undefined): Promise<Readonly<Record<string, string>>> {
  if (file === undefined) return {};
  try {
    return Agents.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new ExitError(
      EXIT.badInput,
      `${file} is no list of agents: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
