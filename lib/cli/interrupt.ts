import { EXIT, ExitError } from './exit.ts';

/**
 * Does something that Ctrl-C (or SIGTERM) doesn't simply end: the action is told by a signal and cleans up. The second Ctrl-C does end it.
 * @param afterwards what is said when it was interrupted
 */
export async function interruptible<T>(
  afterwards: string,
  action: (interrupted: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  // It listens on after the first time: execa ends the process by the signal when nobody else listens.
  const interrupt = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      controller.abort(new ExitError(EXIT.failed, afterwards));
      return;
    }
    stopListening();
    process.kill(process.pid, name);
  };
  const stopListening = () => process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return await action(controller.signal);
  } finally {
    stopListening();
  }
}

/** What was promised, unless the signal comes first: then nobody waits for it any longer. @throws the signal's reason */
export async function unlessInterrupted<T>(interrupted: AbortSignal, promise: Promise<T>): Promise<T> {
  interrupted.throwIfAborted();
  let onAbort = () => undefined as undefined;
  const interruption = new Promise<never>((_, reject) => {
    onAbort = () => void reject(interrupted.reason);
    interrupted.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, interruption]);
  } finally {
    interrupted.removeEventListener('abort', onAbort);
  }
}
