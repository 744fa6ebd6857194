import type { Machine } from './machine/machine.ts';
import { namespaceOf, type Topology } from './topology.ts';

/** Makes the namespaces, cables, switch and addresses. */
export async function buildTopology(machine: Machine, topology: Topology): Promise<void> {
  if (topology.namespaces.length > 0) {
    await machine.run(['ip', '-batch', '-'], { input: lines(topology.namespaces.map((name) => `netns add ${name}`)) });
  }
  for (const { namespace, commands } of topology.ip) {
    await machine.run(['ip', '-n', namespace, '-batch', '-'], { input: lines(commands) });
  }
  for (const { namespace, commands } of topology.bridge) {
    if (commands.length === 0) continue;
    await machine.run(['bridge', '-n', namespace, '-batch', '-'], { input: lines(commands) });
  }
}

/** Removes every namespace of this lab, and with them their links. */
export async function removeTopology(machine: Machine, lab: string): Promise<void> {
  const { stdout } = await machine.run(['ip', 'netns', 'list']);
  const mine = stdout
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(namespaceOf(lab, '')));
  if (mine.length > 0) {
    await machine.run(['ip', '-batch', '-'], { input: lines(mine.map((name) => `netns delete ${name}`)) });
  }
}

function lines(commands: readonly string[]): string {
  return `${commands.join('\n')}\n`;
}
