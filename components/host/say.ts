/** One line of JSON for the component's log. */
export function say(event: string, details: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...details })}\n`);
}

export const sayError = (error: unknown): void =>
  say('error', { why: error instanceof Error ? error.message : String(error) });
