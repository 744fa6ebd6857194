import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** How long a process has to end after SIGTERM, in milliseconds. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 20;

/** A process that lives: what only waits to be taken notice of (a zombie) doesn't count. */
interface Member {
  readonly pid: string;
  readonly group: number;
}

/** Ends a process group, however many are left of it: SIGTERM, and SIGKILL five seconds later. */
export async function endGroup(group: number): Promise<void> {
  if (!signal(group, 'SIGTERM')) return;
  for (const what of ['SIGTERM', 'SIGKILL'] as const) {
    if (what === 'SIGKILL') signal(group, what);
    for (const begun = performance.now(); performance.now() - begun < PATIENCE_MS; await pause(LOOK_MS)) {
      if (!signal(group, 0) || !members().some((member) => member.group === group)) return;
    }
  }
}

/** All processes of the machine with their groups (proc(5), stat: state and pgrp; the name before may hold anything). */
export function members(): Member[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const text = readFileSync(join('/proc', pid, 'stat'), 'utf8');
      const [state, , group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return state === 'Z' || state === 'X' ? [] : [{ pid, group: Number(group) }];
    } catch {
      return [];
    }
  });
}

/** @returns whether there is anybody */
function signal(group: number, what: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, what);
    return true;
  } catch {
    return false;
  }
}
