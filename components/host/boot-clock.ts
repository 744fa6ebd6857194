import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** Now on the kernel's own clock, which no time server moves and which a suspended computer doesn't stop (CLOCK_BOOTTIME). */
export function bootMoment(): { readonly boot: string; readonly uptimeMs: number } {
  return {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    uptimeMs: Math.round(uptime() * 1000),
  };
}
