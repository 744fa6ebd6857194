import type { SCRIPT_TRIALS } from '../components/router/script-trials.ts';
import { LEASE, SCRIPT } from '../components/router/script-truck.ts';
import type { SERVED_TRIALS } from '../components/router/served-trials.ts';

/** One thing that the router's script does, taken out of it. */
export interface ScriptMutation {
  readonly name: string;
  readonly file: typeof SCRIPT | typeof LEASE;
  /** Stands there exactly once. */
  readonly taken: string;
  /** What stands there instead. */
  readonly instead?: string;
  /** The trial that is to notice. */
  readonly noticed: keyof typeof SCRIPT_TRIALS | keyof typeof SERVED_TRIALS;
}

const inScript = (
  noticed: ScriptMutation['noticed'],
  name: string,
  taken: string,
  instead?: string,
): ScriptMutation => ({
  ...{ name: `router, script: ${name}`, file: SCRIPT, taken, noticed },
  ...(instead === undefined ? {} : { instead }),
});
const inLease = (name: string, taken: string, instead?: string): ScriptMutation => ({
  ...{ name: `router, lease: ${name}`, file: LEASE, taken, noticed: 'lease' },
  ...(instead === undefined ? {} : { instead }),
});

/** Everything by which the script closes, opens and keeps the router. PURE. */
export const SCRIPT_MUTATIONS: readonly ScriptMutation[] = [
  inScript('deaf', 'hears before its ruleset is there', '    nft "$DEAF"\n'),
  inScript('deaf', 'doesn’t wait for its configuration', '[ -f "$CONFIGURATION/ruleset.nft" ] && apply', 'apply'),
  inScript('deaf', 'tries once', 'do tend_servers; sleep 1 & wait $!; done\n    say', 'do break; done\n    say'),
  inScript('deaf', 'doesn’t end when told to', "    trap 'exit 0' TERM INT\n"),
  inScript('deaf', 'stays deaf', '  nft delete table inet firebreak_deaf 2>/dev/null\n'),
  inScript('deaf', 'never turns forwarding on', '  echo 1 > $FORWARDING || status=1\n'),
  inScript('refused', 'forwards when its ruleset was refused', 'echo 0 > $FORWARDING; '),
  inScript('refused', 'hears when its ruleset was refused', 'nft "$DEAF"; '),
  inScript('refused', 'opens though its ruleset was refused', 'refused: closed"; return 1; fi', 'refused: closed"; fi'),
  inScript('waits', 'doesn’t wait for another one', '  flock 9\n'),
  inScript('missing', 'doesn’t tell what went wrong', ' esac || status=1\n  done <', ' esac\n  done <'),
  inScript('kernel', 'leaves sysctls', ') set_sysctl ', ') : '),
  inScript('kernel', 'leaves other interfaces in their groups', 'ip link set dev "$link" group 0 || status=1', ':'),
  inScript(
    'kernel',
    'leaves a segment in its group',
    'segment*) ip link set dev "$link" group "$group" && ',
    'segment*) ',
  ),
  inScript(
    'kernel',
    'leaves an uplink in its group',
    '"uplink static") ip link set dev "$link" group "$group" && ',
    '"uplink static") ',
  ),
  inScript('kernel', 'leaves MAC addresses', '  ip link set dev "$1" address "$wanted"\n'),
  inScript('mac', 'tells nobody of its MAC address', '  echo 1 > "/proc/sys/net/ipv4/conf/$1/arp_notify"\n'),
  inScript('kernel', 'adds no addresses', '    ip addr add "$wanted" dev "$link" || return 1\n'),
  inScript('gateway', 'tells nobody of a new address', '    added=1\n'),
  inScript('kernel', 'keeps stale addresses', 'ip addr del "$found" dev "$link" || return 1', ''),
  inScript('kernel', 'has no way out in the main table', 'ip route replace default via "$1" dev "$2" metric "$3" && '),
  inScript(
    'kernel',
    'has no way out of its own',
    ' && ip route replace default via "$1" dev "$2" metric "$3" table $OUT',
  ),
  inScript('kernel', 'keeps others’ default routes', '  drop_routes main "$routes"\n'),
  inScript('kernel', 'keeps stale ways out', '  drop_routes $OUT "$routes"\n'),
  inScript('kernel', 'doesn’t ask its own table', '|| ip -4 rule add pref ', '|| : '),
  inScript('kernel', 'asks others’ tables', '    ip -4 rule del pref ', '    : '),
  inScript(
    'lease',
    'leaves an uplink over DHCP in its group',
    '"uplink dhcp") ip link set dev "$link" group "$group" && ',
    '"uplink dhcp") ',
  ),
  inScript('lease', 'asks for no lease', ' && start_dhcp "$link" "$group" "$2"'),
  inScript('lease', 'asks for answers by MAC address', ' -A 5 -B -i', ' -A 5 -i'),
  inScript('lease', 'asks as anybody', ' -x "0x3d:$identifier"'),
  inScript('lease', 'holds its lock as long as its client lives', ' >/dev/null 9>&-', ' >/dev/null'),
  inScript(
    'lease',
    'asks by one client more each time',
    ' && kill -0 "$(cat "$pidfile")" 2>/dev/null && return 0',
    ' && :',
  ),
  inScript('lease', 'doesn’t find its uplink again', ' && link=$(member "$group"); }', ' && :; }'),
  inScript('lease', 'keeps a client that nobody wants', '  stop_dhcp "$dhcp"\n'),
  inScript('served', 'serves nobody', '"serve "*) serve ', '"serve "*) : '),
  inScript('served', 'ends servers that are wanted', '  served="$served $segment"\n'),
  inScript('served', 'starts no server', 'while :; do tend_servers; sleep 1', 'while :; do sleep 1'),
  inScript(
    'served',
    'keeps leases where they die with it',
    'dhcp-leasefile=$LEASES/$segment.leases',
    'dhcp-leasefile=/run/$segment.leases',
  ),
  inScript(
    'servedThough',
    'starts no server as long as anything is missing',
    'do tend_servers; sleep 1 & wait $!; done\n    say',
    'do sleep 1 & wait $!; done\n    say',
  ),
  inScript('cut', 'keeps no records of leases', 'dhcp-script=/usr/local/share/firebreak/keep-lease\n'),
  inScript('cut', 'forgets the leases that a power cut has cost', '    restore_leases "$segment"\n'),
  inScript('apart', 'serves by whatever interface', 'interface=$link\n'),
  inScript(
    'killed',
    'takes whoever has its process ID for a server',
    '*"/run/dnsmasq-$1.conf"* | *firebreak-routerrun)',
    '*)',
  ),
  inScript(
    'refusedServer',
    'gives a server what it will refuse',
    'if ! words=$(dnsmasq --test --conf-file="$told.new" 2>&1); then',
    'if false; then',
  ),
  inScript(
    'changedServer',
    'replaces a server by the same',
    '  [ "$(cat "$told.new")" != "$(cat "$told" 2>/dev/null)" ] || return 0\n',
  ),
  inScript('changedServer', 'leaves a server with what it was told before', ' && end_server "$segment"\n}', '\n}'),
  inScript('changedServer', 'keeps a server that nobody wants', '  stop_servers "$served"\n'),
  inLease('doesn’t take its address', '    ip addr replace "$ip/$mask" dev "$interface"\n'),
  inLease('keeps Docker’s address', '|| ip addr del "$found" dev "$interface"', '|| :'),
  inLease(
    'has no way out in the main table',
    '      ip route replace default via "$gateway" dev "$interface" metric "$METRIC"\n',
  ),
  inLease(
    'has no way out of its own',
    '      ip route replace default via "$gateway" dev "$interface" metric "$METRIC" table 100\n',
  ),
];

/** A file's text without it. @throws Error when it doesn't stand there exactly once: then the list is stale */
export function withoutInScript(text: string, { name, taken, instead = '' }: ScriptMutation): string {
  const parts = text.split(taken);
  if (parts.length !== 2) throw new Error(`${name}: stands there ${parts.length - 1} times: ${taken}`);
  return parts.join(instead);
}
