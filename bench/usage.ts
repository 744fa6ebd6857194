import { type BenchTruck, benchFile } from './truck/bench-truck.ts';

/** What a process and its children use now. */
export interface Usage {
  /** KiB. */
  readonly rss: number;
  readonly private: number;
  readonly anonymous: number;
  readonly peak: number;
  /** Proportional, of all children that live. */
  readonly children: number;
  readonly ticks: number;
  readonly ticksOfChildren: number;
  /** Seconds. */
  readonly uptime: number;
}

/** Asks on the truck what processes use, by their numbers. */
export async function usageOn(truck: BenchTruck): Promise<(pid: string) => Promise<Usage>> {
  const script = await benchFile('usage.sh');
  return async (pid) => parseUsage(await truck.script(script, [pid]));
}

export const megabytes = (kib: number): number => (kib * 1024) / 1e6;

/** Lines of a name and a number, as usage.sh writes them. */
export function parseUsage(text: string): Usage {
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([name, value]) => [name, Number(value)]),
  ) as unknown as Usage;
}
