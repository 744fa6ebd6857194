/** What the command line ends with. */
export const EXIT = {
  ok: 0,
  /** The truck is not as promised, or something failed. */
  failed: 1,
  /** The command line or a document is wrong; nothing was changed. */
  badInput: 2,
} as const;

/** Ends a command with its own exit code and message. */
export class ExitError extends Error {
  override readonly name = 'ExitError';
  readonly exitCode: number;
  /** For --json. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(exitCode: number, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.exitCode = exitCode;
    this.details = details;
  }
}
