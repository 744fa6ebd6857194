import { run } from '../../../components/host/run.ts';

interface Trial {
  readonly name: string;
  readonly argv: readonly string[];
  readonly input: string;
}

const link = (name: string, command: string): Trial => ({
  name,
  argv: ['ip', '-batch', '-'],
  input: `link add name fb0 type veth peer name fb1\nlink add ${command}\n`,
});

/** Each is tried in a network namespace that nobody else sees and that goes with its last process. */
const TRIALS: readonly Trial[] = [
  link('802.1Q', 'link fb0 name fb0.7 type vlan id 7'),
  link('ipvlan', 'link fb0 name fb2 type ipvlan mode l2'),
  link('macvlan', 'link fb0 name fb2 type macvlan mode bridge'),
  link('bridge VLAN filtering', 'name fb2 type bridge vlan_filtering 1 vlan_default_pvid 0'),
  {
    name: 'nftables for bridges',
    argv: ['nft', '-f', '-'],
    input: 'table bridge fb { chain forward { type filter hook forward priority 0; ether type ip drop; }; }\n',
  },
];

/** What a truck needs and this machine's kernel can't do; by trying, because a module's absence can't be read anywhere. */
export async function kernelCapabilities(): Promise<{ readonly missing: readonly string[] }> {
  const missing: string[] = [];
  for (const { name, argv, input } of TRIALS) {
    const works = await run(['unshare', '--net', ...argv], { input }).then(
      () => true,
      () => false,
    );
    if (!works) missing.push(name);
  }
  return { missing };
}
