/** What is to be undone, whatever happens: at the end, after a failure, and when somebody presses Ctrl-C. */
const left: (() => Promise<void>)[] = [];

export function undoLater(action: () => Promise<void>): void {
  left.push(action);
}

/** The last first. One that fails keeps none of the others from being done. */
export async function undoAll(): Promise<void> {
  for (let action = left.pop(); action !== undefined; action = left.pop()) {
    await action().catch((error: unknown) => process.stderr.write(`could not undo: ${String(error)}\n`));
  }
}

/** The second time it ends at once. */
export function undoOnSignals(): void {
  let isUndoing = false;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    // It listens on after the first time: execa, by which labs run programs, ends the process by the signal when nobody else listens.
    process.on(signal, () => {
      if (isUndoing) process.exit(128 + number);
      isUndoing = true;
      void undoAll().finally(() => process.exit(128 + number));
    });
  }
}
