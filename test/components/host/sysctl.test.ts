import { hasCode } from '../../../components/host/errno.ts';
import { readSysctl, writeSysctl } from '../../../components/host/sysctl.ts';

/** Nothing of this machine's is changed: what is written is what is there already, or refused. */
const HARMLESS = 'kernel/printk_ratelimit';

test('a value is read without the line’s end', async () => {
  expect(await readSysctl('kernel/ostype')).toBe('Linux');
});

test('what this kernel doesn’t have is null, and can’t be written', async () => {
  expect(await readSysctl('net/ipv4/conf/fbt.nobody/forwarding')).toBeNull();
  expect(await writeSysctl('net/ipv4/conf/fbt.nobody/forwarding', '0')).toBe(false);
});

test('a value that was written is there', async () => {
  const value = (await readSysctl(HARMLESS)) ?? '';
  expect(await writeSysctl(HARMLESS, value)).toBe(true);
  expect(await readSysctl(HARMLESS)).toBe(value);
});

test('a value that the kernel refuses is a fault', async () => {
  const fault: unknown = await writeSysctl(HARMLESS, 'no number').catch((error: unknown) => error);
  expect(hasCode(fault, 'EINVAL')).toBe(true);
});
