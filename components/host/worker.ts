import { run } from './run.ts';

/**
 * A program of our own that is asked one question and ends: what that took in memory goes with it, instead of staying in a process that runs
 * for months. The question is JSON on its standard input, the answer JSON on its standard output.
 * @param program its path, for this Node
 * @throws CommandError with what it said when it ended otherwise than well
 */
export async function ask<Answer>(
  program: string,
  role: string,
  question: unknown,
  timeoutMs: number,
): Promise<Answer> {
  const argv = [process.execPath, ...process.execArgv, program, role];
  return JSON.parse(await run(argv, { input: JSON.stringify(question), timeoutMs })) as Answer;
}

/** What a worker does: reads its question, answers. */
export async function answer(
  roles: Readonly<Record<string, (question: never) => Promise<unknown>>>,
  role: string | undefined,
  input: NodeJS.ReadableStream,
): Promise<string> {
  const act = roles[role ?? ''];
  if (act === undefined) throw new Error(`there is no ${role}: ${Object.keys(roles).join(', ')}`);
  let text = '';
  for await (const chunk of input.setEncoding('utf8')) text += chunk;
  return JSON.stringify((await act(JSON.parse(text) as never)) ?? null);
}
