/**
 * What the nucleus refused, or that it didn't answer. The official client gives errors no name of their own, so the code that the nucleus
 * sends tells them apart (`_errorCode`).
 */
export class IpcError extends Error {
  override readonly name = 'IpcError';
  /** `Unreachable`: no connection, or it was lost. `TimedOut`: nobody knows whether it was done. Else the nucleus' own: `ConflictError`, … */
  readonly code: string;

  constructor(operation: string, code: string, message: string) {
    super(`Greengrass IPC: ${operation}: ${code}: ${message}`);
    this.code = code;
  }
}

/** Any error of the official client's. Nucleus lite sends nothing but `_errorCode` and `_message`. */
export function ipcErrorOf(operation: string, thrown: unknown): IpcError {
  if (thrown instanceof IpcError) return thrown;
  const { serviceError, message, description } = (thrown ?? {}) as {
    readonly serviceError?: { readonly _errorCode?: string; readonly message?: string; readonly _message?: string };
    readonly message?: string;
    readonly description?: string;
  };
  const words = serviceError?.message ?? serviceError?._message ?? description ?? message ?? String(thrown);
  return new IpcError(operation, serviceError?._errorCode ?? 'Unreachable', words);
}
