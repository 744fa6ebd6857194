import { readFile } from 'node:fs/promises';
import { writeDurably } from '../../../../components/host/files.ts';
import { Account, type Certificate, type Item, type Thing, type ThingGroup } from './account.ts';
import type { Deployment } from './greengrass/deployment.ts';
import type { Execution, Job } from './jobs/job.ts';

interface Kept {
  readonly things: readonly Thing[];
  readonly groups: readonly ThingGroup[];
  readonly jobs: readonly (Omit<Job, 'executions' | 'notified'> & {
    readonly executions: readonly (readonly [string, Execution])[];
    readonly notified: readonly string[];
  })[];
  readonly deployments: readonly Deployment[];
  readonly tables: readonly {
    readonly name: string;
    readonly key: string;
    readonly items: readonly (readonly [string, Item])[];
  }[];
  readonly certificates: readonly Certificate[];
  readonly policies: readonly string[];
  readonly customFields: readonly string[];
}

/** An account in a file, whole. */
export class AccountFile {
  readonly account: Account;
  readonly #path: string;
  #writing: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  private constructor(path: string, account: Account) {
    this.#path = path;
    this.account = account;
  }

  /** An empty account if there is no such file. @throws Error that names the file which is none of ours */
  static async open(path: string): Promise<AccountFile> {
    return new AccountFile(path, await read(path));
  }

  /** On disk when it is done. Several changes that wait for the disk are written at once. */
  readonly save = async (): Promise<void> => {
    if (this.#writing !== null) {
      this.#next ??= this.#writing.catch(() => undefined).then(() => this.#write());
      return this.#next;
    }
    return this.#write();
  };

  async #write(): Promise<void> {
    this.#next = null;
    this.#writing = writeDurably(this.#path, JSON.stringify(kept(this.account)));
    try {
      await this.#writing;
    } finally {
      this.#writing = null;
    }
  }
}

function kept(account: Account): Kept {
  return {
    things: [...account.things.values()],
    groups: [...account.groups.values()],
    jobs: [...account.jobs.values()].map((job) => ({
      ...job,
      executions: [...job.executions],
      notified: [...job.notified],
    })),
    deployments: account.deployments,
    tables: [...account.tables.values()].map((table) => ({ ...table, items: [...table.items] })),
    certificates: [...account.certificates.values()],
    policies: [...account.policies],
    customFields: [...account.customFields],
  };
}

async function read(path: string): Promise<Account> {
  const account = new Account();
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return account;
    throw error;
  }
  try {
    const known = JSON.parse(text) as Kept;
    for (const thing of known.things) account.things.set(thing.name, thing);
    for (const group of known.groups) account.groups.set(group.name, group);
    for (const job of known.jobs) {
      const { executions, notified } = job;
      account.jobs.set(job.id, { ...job, executions: new Map(executions), notified: new Set(notified) });
    }
    account.deployments.push(...known.deployments);
    for (const table of known.tables) account.tables.set(table.name, { ...table, items: new Map(table.items) });
    for (const certificate of known.certificates) account.certificates.set(certificate.id, certificate);
    for (const policy of known.policies) account.policies.add(policy);
    for (const field of known.customFields) account.customFields.add(field);
    return account;
  } catch (cause) {
    throw new Error(`${path} is no account: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
