import { run } from '../../../components/host/run.ts';

/** Each is tried in a network namespace that nobody else sees and that goes with its last process. */
const TRIALS: readonly { readonly name: string; readonly commands: readonly string[] }[] = [
  { name: '802.1Q', commands: ['link add link fb0 name fb0.7 type vlan id 7'] },
  { name: 'ipvlan', commands: ['link add link fb0 name fb2 type ipvlan mode l2'] },
  { name: 'macvlan', commands: ['link add link fb0 name fb2 type macvlan mode bridge'] },
  {
    name: 'bridge VLAN filtering',
    commands: ['link add name fb2 type bridge vlan_filtering 1 vlan_default_pvid 0'],
  },
];

/** What a truck needs and this machine's kernel can't do; by trying, because a module's absence can't be read anywhere. */
export async function kernelCapabilities(): Promise<{ readonly missing: readonly string[] }> {
  const missing: string[] = [];
  for (const { name, commands } of TRIALS) {
    const input = ['link add name fb0 type veth peer name fb1', ...commands].join('\n');
    const works = await run(['unshare', '--net', 'ip', '-batch', '-'], { input: `${input}\n` }).then(
      () => true,
      () => false,
    );
    if (!works) missing.push(name);
  }
  return { missing };
}
