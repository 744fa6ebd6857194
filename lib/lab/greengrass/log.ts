import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

/** Lines to standard output, and those of each component to a file of its own, as the nucleus has them in its `logs`. */
export class Log {
  readonly #directory: string;
  readonly #files = new Map<string, WriteStream>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  write(component: string, line: string): void {
    const time = new Date().toISOString();
    process.stdout.write(`${time} ${component}: ${line}\n`);
    let file = this.#files.get(component);
    if (file === undefined) {
      file = createWriteStream(join(this.#directory, `${component}.log`), { flags: 'a' });
      // A full disk costs lines, not the device.
      file.on('error', () => undefined);
      this.#files.set(component, file);
    }
    file.write(`${time} ${line}\n`);
  }
}
