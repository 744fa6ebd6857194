import type { Machine } from './machine/machine.ts';

/**
 * Ends a daemon of the lab as an orderly shutdown does, and waits for it; by force after a minute. Nothing is done where none runs.
 * @param program its name: a process that has its old number is left alone.
 */
export async function haltDaemon(machine: Machine, pidFile: string, program: string): Promise<void> {
  const halt = [
    'pid=$(cat "$1" 2>/dev/null) || exit 0',
    'grep -q "$2" "/proc/$pid/cmdline" 2>/dev/null || exit 0',
    'kill "$pid"; i=0; while [ -d "/proc/$pid" ] && [ $i -lt 600 ]; do i=$((i+1)); sleep 0.1; done',
    '[ ! -d "/proc/$pid" ] || kill -9 "$pid"',
  ].join('; ');
  await machine.run(['sh', '-c', halt, 'halt', pidFile, program]);
}

/** Ends one as kill -9 does, alone, and waits until it is gone. @throws MachineError where none runs */
export async function killDaemon(machine: Machine, pidFile: string, program: string): Promise<void> {
  const kill = [
    'pid=$(cat "$1")',
    'grep -q "$2" "/proc/$pid/cmdline"',
    'kill -9 "$pid"',
    'while grep -q "$2" "/proc/$pid/cmdline" 2>/dev/null; do sleep 0.01; done',
  ].join(' && ');
  await machine.run(['sh', '-c', kill, 'kill', pidFile, program]);
}
