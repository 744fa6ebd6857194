import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type Policy, type Problem, parsePolicy } from '../policy/index.ts';
import { EXIT, ExitError } from './exit.ts';
import { paint, remark } from './output.ts';

/** The text of a policy file; `-` is standard input. @throws ExitError */
export async function readPolicyText(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ExitError(
      EXIT.badInput,
      `${file} can't be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** A checked policy; its warnings go to standard error. @throws ExitError with every problem and its field path. */
export async function readPolicy(file: string): Promise<Policy> {
  return policyOf(await readPolicyText(file), file);
}

export function policyOf(document: string, file: string): Policy {
  const { policy, problems } = parsePolicy(document);
  if (policy === undefined) {
    throw refusal(file, problems);
  }
  for (const problem of problems) remark(problemLine(problem));
  return policy;
}

/** What is said of a policy that is not taken: every problem with its field path. */
export function refusal(file: string, problems: readonly Problem[]): ExitError {
  return new ExitError(EXIT.badInput, `${file} is refused:\n${problems.map(problemLine).join('\n')}`, { problems });
}

export function problemLine({ severity, path, message }: Problem): string {
  const mark =
    severity === 'error' ? paint('red', 'error', process.stderr) : paint('yellow', 'warning', process.stderr);
  return `${mark} ${path}: ${message}`;
}
