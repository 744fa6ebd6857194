import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfExists } from '../../../../components/host/files.ts';
import { endGroup, members } from './process-groups.ts';

/**
 * Ends what the scripts of a killed predecessor left running. Groups are known by the notes that they made themselves; one that was reused
 * meanwhile, by somebody who hasn't this socket in his environment, is left alone.
 * @returns how many there were
 */
export async function endLeftovers(notes: string, socket: string): Promise<number> {
  const noted = new Set(
    ((await readIfExists(notes)) ?? '')
      .split('\n')
      .map(Number)
      .filter((group) => group > 1),
  );
  const ours = members().filter(({ pid, group }) => noted.has(group) && isOurs(pid, socket));
  const groups = new Set(ours.map(({ group }) => group));
  await Promise.all([...groups].map(endGroup));
  await rm(notes, { force: true });
  return groups.size;
}

function isOurs(pid: string, socket: string): boolean {
  try {
    const environment = readFileSync(join('/proc', pid, 'environ'), 'utf8').split('\0');
    return environment.includes(`AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT=${socket}`);
  } catch {
    return false;
  }
}
