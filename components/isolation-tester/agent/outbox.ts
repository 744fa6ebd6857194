import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../host/files.ts';

/** So many are kept while nobody takes them; then the oldest go, because the newest says how it is. */
const MOST = 100;

/**
 * Evidence on its way to the cloud: on disk, in order, until the nucleus has taken it. One file holds all messages of one piece.
 */
export class Outbox {
  readonly #directory: string;
  readonly #most: number;

  constructor(directory: string, most = MOST) {
    this.#directory = directory;
    this.#most = most;
  }

  async add(messages: readonly string[]): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const names = await this.#names();
    const number = Number.parseInt(names.at(-1) ?? '0', 10) + 1;
    await writeDurably(join(this.#directory, nameOf(number)), JSON.stringify(messages));
    for (const old of names.slice(0, Math.max(0, names.length + 1 - this.#most))) await this.#remove(old);
  }

  /**
   * Sends all that is there, the oldest first, each message at least once; `of`: how many messages its piece has.
   * @throws what `send` throws; what was not sent stays
   */
  async flush(send: (message: string, of: number) => Promise<void>): Promise<void> {
    for (let [name] = await this.#names(); name !== undefined; [name] = await this.#names()) {
      const messages = await this.#read(name);
      for (const message of messages) await send(message, messages.length);
      await this.#remove(name);
    }
  }

  /** In order; what isn't whole, or not ours, is not among them. */
  async #names(): Promise<readonly string[]> {
    const names = await readdir(this.#directory).catch(() => []);
    return names.filter((name) => /^\d{12}\.json$/.test(name)).sort();
  }

  /** A file that somebody has damaged holds nothing up. */
  async #read(name: string): Promise<readonly string[]> {
    try {
      const messages: unknown = JSON.parse(await readFile(join(this.#directory, name), 'utf8'));
      return Array.isArray(messages) ? messages.filter((message) => typeof message === 'string') : [];
    } catch {
      return [];
    }
  }

  #remove(name: string): Promise<void> {
    return rm(join(this.#directory, name), { force: true });
  }
}

const nameOf = (number: number): string => `${String(number).padStart(12, '0')}.json`;
