import type { PortRange } from './policy.ts';

/** A port, or a range written as `8000-8010`. Whether the range makes sense is another question: see `isRange`. */
export function toRange(port: number | string): PortRange {
  const [from = 0, to = from] = typeof port === 'number' ? [port] : port.split('-').map(Number);
  return { from, to };
}

export function isRange(range: PortRange): boolean {
  return 1 <= range.from && range.from <= range.to && range.to <= 65535;
}

/** The same ports in as few ranges as possible: sorted, neither overlapping nor adjacent. */
export function mergeRanges(ranges: readonly PortRange[]): PortRange[] {
  const merged: PortRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from || a.to - b.to)) {
    const last = merged.at(-1);
    if (last !== undefined && range.from <= last.to + 1) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

export function rangeText(range: PortRange): string {
  return range.from === range.to ? `${range.from}` : `${range.from}-${range.to}`;
}
