import { checkDocument } from '../../../lib/policy/index.ts';
import { type Anything, validDocument } from './documents.ts';

/** [what is done to a valid document, path of the problem, words of its message] */
type Fault = [string, (document: Anything) => void, string, RegExp];

const segment = (vlan: number, third: number) => ({
  vlan,
  subnet: `10.20.${third}.0/24`,
  router: `10.20.${third}.1`,
});

const shape: Fault[] = [
  ['no version', (d) => delete d.version, 'version', /missing/],
  ['another version', (d) => (d.version = 2), 'version', /Expected 1, but got 2/],
  ['a version in quotes', (d) => (d.version = '1'), 'version', /got the text "1"/],
  ['a negative sequence', (d) => (d.sequence = -1), 'sequence', /at least 0/],
  ['no trunk', (d) => delete d.trunk, 'trunk', /missing/],
  ['no segments', (d) => delete d.segments, 'segments', /missing/],
  ['segments as a list', (d) => (d.segments = []), 'segments', /Expected a map, but got a list/],
  ['an empty section', (d) => (d.containers = null), 'containers', /Expected a map, but got nothing/],
  ['an unknown section', (d) => (d.segmnets = {}), 'segmnets', /unknown.*mean segments/],
  ['a misspelt field', (d) => (d.segments.cab.subnett = 'x'), 'segments.cab.subnett', /mean subnet\?.*Known: vlan/],
  ['a field of nothing we know', (d) => (d.flows.web.xyzzy = 1), 'flows.web.xyzzy', /"xyzzy" is unknown.*Known: from/],
  ['a missing VLAN', (d) => delete d.segments.cab.vlan, 'segments.cab.vlan', /missing.*VLAN ID/],
  ['a VLAN in words', (d) => (d.segments.cab.vlan = 'ten'), 'segments.cab.vlan', /a whole number.*text "ten"/],
  ['half a VLAN', (d) => (d.segments.cab.vlan = 1.5), 'segments.cab.vlan', /whole number/],
  ['VLAN 0', (d) => (d.segments.cab.vlan = 0), 'segments.cab.vlan', /at least 1/],
  ['VLAN 4095', (d) => (d.segments.cab.vlan = 4095), 'segments.cab.vlan', /at most 4094.*4095/],
  ['a subnet without length', (d) => (d.segments.cab.subnet = '10.0.0.0'), 'segments.cab.subnet', /CIDR/],
  ['an IPv6 router', (d) => (d.segments.cab.router = 'fd00::1'), 'segments.cab.router', /IPv4 address.*fd00::1/],
  [
    'an address with a leading zero',
    (d) => (d.devices.tablet.address = '10.20.10.05'),
    'devices.tablet.address',
    /IPv4/,
  ],
  ['half a pool', (d) => delete d.segments.cab.pool.to, 'segments.cab.pool.to', /missing.*Last address/],
  ['internet as text', (d) => (d.segments.cab.internet = 'yes'), 'segments.cab.internet', /true or false/],
  ['a bridge of 16 characters', (d) => (d.segments.cab.bridge = 'b'.repeat(16)), 'segments.cab.bridge', /at most 15/],
  ['a bridge with a slash', (d) => (d.segments.cab.bridge = 'a/b'), 'segments.cab.bridge', /interface name/],
  [
    'a name in capitals',
    (d) => (d.devices.Winch = d.devices.panel),
    'devices.Winch',
    /"Winch" cannot be used.*lower-case/,
  ],
  ['a name with a dot', (d) => (d.flows['a.b'] = d.flows.web), 'flows["a.b"]', /cannot be used/],
  ['a name that ends with a hyphen', (d) => (d.segments['a-'] = segment(9, 9)), 'segments.a-', /hyphen/],
  ['an empty name', (d) => (d.segments[''] = segment(9, 9)), 'segments[""]', /cannot be used/],
  ['a fault behind a bad name', (d) => (d.devices.Winch = { segment: 'cab' }), 'devices.Winch.mac', /missing/],
  ['dhcp as text', (d) => (d.segments.cab.dhcp = 'yes'), 'segments.cab.dhcp', /true, false or a map.*text "yes"/],
  ['a misspelt dhcp field', (d) => (d.segments.cab.dhcp = { leese: '1h' }), 'segments.cab.dhcp.leese', /mean lease\?/],
  [
    'a lease without unit',
    (d) => (d.segments.cab.dhcp = { lease: 3600 }),
    'segments.cab.dhcp.lease',
    /text, but got 3600/,
  ],
  ['a lease of no time', (d) => (d.segments.cab.dhcp = { lease: '0m' }), 'segments.cab.dhcp.lease', /45m, 12h or 7d/],
  ['a lease of a minute', (d) => (d.segments.cab.dhcp = { lease: '60s' }), 'segments.cab.dhcp.lease', /2 minutes/],
  ['a lease of a year', (d) => (d.segments.cab.dhcp = { lease: '365d' }), 'segments.cab.dhcp.lease', /30 days/],
  ['no time server', (d) => (d.segments.cab.dhcp = { ntp: [] }), 'segments.cab.dhcp.ntp', /not empty/],
  ['a time server’s name', (d) => (d.segments.cab.dhcp = { ntp: ['a.b'] }), 'segments.cab.dhcp.ntp[0]', /IPv4 address/],
  ['dns without servers', (d) => (d.dns = {}), 'dns.servers', /missing.*outside the truck/],
  ['an unknown driver', (d) => (d.uplinks.wlan.driver = 'bridge'), 'uplinks.wlan.driver', /ipvlan or macvlan/],
  [
    'a MAC with hyphens',
    (d) => (d.devices.panel.mac = '02-00-00-00-14-05'),
    'devices.panel.mac',
    /MAC address such as/,
  ],
  ['a MAC as a number', (d) => (d.devices.panel.mac = 20), 'devices.panel.mac', /Expected text, but got 20/],
  [
    'a command in one string',
    (d) => (d.containers.dashboard.command = 'sleep 1'),
    'containers.dashboard.command',
    /a list/,
  ],
  ['an empty command', (d) => (d.containers.dashboard.command = []), 'containers.dashboard.command', /not empty/],
  ['a NUL in an argument', (d) => (d.containers.dashboard.command = ['a\0']), 'containers.dashboard.command[0]', /NUL/],
  ['an option as image', (d) => (d.containers.dashboard.image = '--privileged'), 'containers.dashboard.image', /image/],
  [
    'a number in the environment',
    (d) => (d.containers.dashboard.environment.N = 7),
    'containers.dashboard.environment.N',
    /text.*got 7/,
  ],
  [
    'a variable with a space',
    (d) => (d.containers.dashboard.environment['A B'] = ''),
    'containers.dashboard.environment["A B"]',
    /underscores/,
  ],
  ['an unknown protocol', (d) => (d.flows.web.protocol = 'http'), 'flows.web.protocol', /icmp or tcp or udp/],
  ['no protocol', (d) => delete d.flows.web.protocol, 'flows.web.protocol', /missing/],
  ['port 0', (d) => (d.flows.web.ports = [80, 0]), 'flows.web.ports[1]', /at least 1/],
  ['port 65536', (d) => (d.flows.web.ports = [65536]), 'flows.web.ports[0]', /at most 65535/],
  ['a port by name', (d) => (d.flows.web.ports = ['https']), 'flows.web.ports[0]', /port such as 443.*"https"/],
  ['a port in a map', (d) => (d.flows.web.ports = [{}]), 'flows.web.ports[0]', /port such as 443.*a map/],
  ['an empty list of ports', (d) => (d.flows.web.ports = []), 'flows.web.ports', /not empty/],
  ['a probe by name', (d) => (d.internet = { probe: 'example.com' }), 'internet.probe', /IPv4/],
];

const names: Fault[] = [
  [
    'a container called like a device',
    (d) => (d.devices.dashboard = { ...d.devices.panel, mac: '02:00:00:00:00:01', address: '10.20.20.6' }),
    'devices.dashboard',
    /taken by containers.dashboard/,
  ],
  [
    'a node called like a segment',
    (d) => (d.containers.cab = { segment: 'cab' }),
    'containers.cab',
    /taken by segments.cab/,
  ],
  ['a container called router', (d) => (d.containers.router = { segment: 'cab' }), 'containers.router', /reserved/],
  ['a segment called internet', (d) => (d.segments.internet = segment(9, 9)), 'segments.internet', /reserved/],
  [
    'a device called switch',
    (d) => (d.devices.switch = { segment: 'cab', mac: '02:00:00:00:00:01' }),
    'devices.switch',
    /reserved/,
  ],
  ['a segment called host-link', (d) => (d.segments['host-link'] = segment(9, 9)), 'segments.host-link', /reserved/],
  ['an uplink called host-link', (d) => (d.uplinks = { 'host-link': d.uplinks.wlan }), 'uplinks.host-link', /reserved/],
  ['a segment called host', (d) => (d.segments.host = segment(9, 9)), 'segments.host', /Docker keeps/],
  ['an uplink called bridge', (d) => (d.uplinks = { bridge: d.uplinks.wlan }), 'uplinks.bridge', /Docker keeps/],
  [
    'an uplink called like a segment',
    (d) => (d.uplinks = { cab: d.uplinks.wlan }),
    'uplinks.cab',
    /both become Docker networks/,
  ],
  [
    'a container in a misspelt segment',
    (d) => (d.containers.dashboard.segment = 'cba'),
    'containers.dashboard.segment',
    /no segment "cba".*mean cab\?/,
  ],
  [
    'a device in no segment',
    (d) => (d.devices.tablet.segment = 'elsewhere'),
    'devices.tablet.segment',
    /no segment "elsewhere"\. Use/,
  ],
];

const interfaces: Fault[] = [
  ['one VLAN for two segments', (d) => (d.segments.pump.vlan = 10), 'segments.pump.vlan', /belongs to segment cab/],
  [
    'a trunk too long for its VLANs',
    (d) => (d.trunk.interface = 'enx0123456789a'),
    'trunk.interface',
    /enx0123456789a\.10 has more than 15/,
  ],
  [
    'a segment name too long for a bridge',
    (d) => (d.segments['hydraulic-arm'] = segment(9, 9)),
    'segments.hydraulic-arm',
    /fb-hydraulic-arm/,
  ],
  [
    'one bridge for two segments',
    (d) => {
      d.segments.cab.bridge = 'br0';
      d.segments.pump.bridge = 'br0';
    },
    'segments.pump.bridge',
    /belongs to segment cab/,
  ],
  [
    "a bridge with another's default name",
    (d) => (d.segments.pump.bridge = 'fb-cab'),
    'segments.pump.bridge',
    /belongs to segment cab/,
  ],
  ['the trunk as bridge', (d) => (d.segments.cab.bridge = 'enp2s0'), 'segments.cab.bridge', /taken by the trunk/],
  ['the uplink as bridge', (d) => (d.segments.cab.bridge = 'wlp3s0f0'), 'segments.cab.bridge', /taken by uplink wlan/],
  ['docker0 as bridge', (d) => (d.segments.cab.bridge = 'docker0'), 'segments.cab.bridge', /Docker/],
  ['lo as bridge', (d) => (d.segments.cab.bridge = 'lo'), 'segments.cab.bridge', /loopback/],
  [
    'a VLAN interface as bridge',
    (d) => (d.segments.cab.bridge = 'enp2s0.20'),
    'segments.cab.bridge',
    /VLAN of segment pump/,
  ],
  [
    'a VLAN interface as uplink',
    (d) => (d.uplinks.wlan.interface = 'enp2s0.20'),
    'uplinks.wlan.interface',
    /VLAN of segment pump/,
  ],
  ['the trunk as uplink', (d) => (d.uplinks.wlan.interface = 'enp2s0'), 'uplinks.wlan.interface', /taken by the trunk/],
  ['docker0 as trunk', (d) => (d.trunk.interface = 'docker0'), 'trunk.interface', /Docker/],
  [
    'two uplinks on one interface',
    (d) => (d.uplinks.lte = { interface: 'wlp3s0f0', driver: 'macvlan', dhcp: true }),
    'uplinks.lte.interface',
    /serves uplink wlan/,
  ],
];

const uplinks: Fault[] = [
  ['a static uplink without subnet', (d) => delete d.uplinks.wlan.subnet, 'uplinks.wlan.subnet', /static uplink needs/],
  [
    'a static uplink without gateway',
    (d) => delete d.uplinks.wlan.gateway,
    'uplinks.wlan.gateway',
    /static uplink needs/,
  ],
  ['an uplink with DHCP and an address', (d) => (d.uplinks.wlan.dhcp = true), 'uplinks.wlan.address', /With dhcp/],
  [
    'an uplink address elsewhere',
    (d) => (d.uplinks.wlan.address = '192.168.51.2'),
    'uplinks.wlan.address',
    /not in 192\.168\.50\.0\/24/,
  ],
  [
    'the gateway as broadcast address',
    (d) => (d.uplinks.wlan.gateway = '192.168.50.255'),
    'uplinks.wlan.gateway',
    /broadcast/,
  ],
  [
    'the router as its own gateway',
    (d) => (d.uplinks.wlan.gateway = '192.168.50.2'),
    'uplinks.wlan.gateway',
    /already/,
  ],
  [
    'two uplinks in one subnet',
    (d) => (d.uplinks.lte = { ...d.uplinks.wlan, interface: 'wwan0' }),
    'uplinks.lte.subnet',
    /overlaps.*uplink wlan/,
  ],
  ['a segment with internet but no uplink', (d) => delete d.uplinks, 'segments.cab.internet', /no uplink/],
  [
    'a flow to the internet but no uplink',
    (d) => {
      d.uplinks = {};
      d.flows.out = { from: 'pump', to: 'internet', protocol: 'udp' };
    },
    'flows.out.to',
    /no uplink/,
  ],
];

const online = (subnet?: string) => ({ internet: true, ...(subnet !== undefined && { subnet }) });
const host: Fault[] = [
  ['a host in words', (d) => (d.host = 'yes'), 'host', /Expected a map/],
  ['a misspelt field of the host', (d) => (d.host = { internett: true }), 'host.internett', /mean internet/],
  ['a host link without length', (d) => (d.host = online('198.19.0.0')), 'host.subnet', /CIDR/],
  ['a host link with room for a third', (d) => (d.host = online('198.19.0.0/29')), 'host.subnet', /two ends.*a \/30/],
  ['a host link without addresses', (d) => (d.host = online('198.19.0.0/31')), 'host.subnet', /two ends.*a \/30/],
  ['an address as host link', (d) => (d.host = online('198.19.0.1/30')), 'host.subnet', /Write 198.19.0.0\/30/],
  ['a host link in a segment', (d) => (d.host = online('10.20.20.4/30')), 'host.subnet', /segment pump/],
  ['a host link in the uplink', (d) => (d.host = online('192.168.50.8/30')), 'host.subnet', /uplink wlan/],
  ['a host link in docker0', (d) => (d.host = online('172.17.9.0/30')), 'host.subnet', /docker0/],
  ['a host link among placeholders', (d) => (d.host = online('198.19.255.0/30')), 'host.subnet', /no lease yet/],
  ['a host link of loopback', (d) => (d.host = online('127.0.0.0/30')), 'host.subnet', /loopback/],
  [
    'a host link without an uplink',
    (d) => Object.assign(d, { host: online(), uplinks: {}, segments: { pump: d.segments.pump } }),
    'host.internet',
    /no uplink/,
  ],
  [
    "the host link's bridge for a segment",
    (d) =>
      Object.assign(d, {
        host: online(),
        segments: { cab: { ...d.segments.cab, bridge: 'fb-host' }, pump: d.segments.pump },
      }),
    'segments.cab.bridge',
    /taken by the host link/,
  ],
  [
    "the host link's bridge as trunk",
    (d) => Object.assign(d, { host: online(), trunk: { interface: 'fb-host' } }),
    'trunk.interface',
    /taken by the host link/,
  ],
];

const addresses: Fault[] = [
  [
    'a subnet with host bits',
    (d) => (d.segments.cab.subnet = '10.20.10.5/24'),
    'segments.cab.subnet',
    /Write 10\.20\.10\.0\/24/,
  ],
  ['a /31', (d) => (d.segments.pump.subnet = '10.20.20.0/31'), 'segments.pump.subnet', /\/31 has no room/],
  ['a /7', (d) => (d.segments.pump.subnet = '10.0.0.0/7'), 'segments.pump.subnet', /\/7 takes too much/],
  [
    'a /30, which has no address to measure from',
    (d) => (d.segments.tiny = { vlan: 9, subnet: '10.20.9.0/30', router: '10.20.9.1' }),
    'segments.tiny.subnet',
    /measure from/,
  ],
  ['a loopback subnet', (d) => (d.segments.pump.subnet = '127.0.0.0/24'), 'segments.pump.subnet', /loopback/],
  ['a link-local subnet', (d) => (d.segments.pump.subnet = '169.254.9.0/24'), 'segments.pump.subnet', /link-local/],
  ['a multicast subnet', (d) => (d.segments.pump.subnet = '224.0.1.0/24'), 'segments.pump.subnet', /multicast/],
  ['a subnet of nobody', (d) => (d.segments.pump.subnet = '0.0.1.0/24'), 'segments.pump.subnet', /this network/],
  [
    'segments that overlap',
    (d) => (d.segments.big = { vlan: 9, subnet: '10.20.0.0/16', router: '10.20.99.1' }),
    'segments.big.subnet',
    /overlaps 10\.20\.10\.0\/24 of segment cab/,
  ],
  [
    'a segment that overlaps the uplink',
    (d) => (d.segments.big = { vlan: 9, subnet: '192.168.0.0/16', router: '192.168.99.1' }),
    'segments.big.subnet',
    /uplink wlan/,
  ],
  [
    "a segment in Docker's bridge",
    (d) => (d.segments.x = { vlan: 9, subnet: '172.17.3.0/24', router: '172.17.3.1' }),
    'segments.x.subnet',
    /docker0/,
  ],
  [
    'a router elsewhere',
    (d) => (d.segments.cab.router = '10.20.11.1'),
    'segments.cab.router',
    /not in 10\.20\.10\.0\/24/,
  ],
  [
    'a router at the network address',
    (d) => (d.segments.cab.router = '10.20.10.0'),
    'segments.cab.router',
    /network address/,
  ],
  [
    'a gateway at the broadcast address',
    (d) => (d.segments.cab.gateway = '10.20.10.255'),
    'segments.cab.gateway',
    /broadcast/,
  ],
  [
    'a gateway that is the router',
    (d) => (d.segments.pump.gateway = '10.20.20.1'),
    'segments.pump.gateway',
    /belongs to the router/,
  ],
  [
    'a container elsewhere',
    (d) => (d.containers.control.address = '10.20.10.9'),
    'containers.control.address',
    /not in 10\.20\.20\.0\/24/,
  ],
  [
    'a device at the network address',
    (d) => (d.devices.panel.address = '10.20.20.0'),
    'devices.panel.address',
    /network/,
  ],
  [
    "a device with the router's address",
    (d) => (d.devices.panel.address = '10.20.20.1'),
    'devices.panel.address',
    /the router/,
  ],
  [
    "a device with a container's address",
    (d) => (d.devices.panel.address = '10.20.20.10'),
    'devices.panel.address',
    /container control/,
  ],
  ['a pool elsewhere', (d) => (d.segments.cab.pool.to = '10.20.11.9'), 'segments.cab.pool.to', /not in/],
  ['a pool backwards', (d) => (d.segments.cab.pool.to = '10.20.10.99'), 'segments.cab.pool', /Exchange/],
  [
    'a pool up to the broadcast address',
    (d) => (d.segments.cab.pool.to = '10.20.10.255'),
    'segments.cab.pool.to',
    /broadcast/,
  ],
  ['the router in the pool', (d) => (d.segments.cab.router = '10.20.10.100'), 'segments.cab.router', /inside the pool/],
  [
    'the gateway in the pool',
    (d) => (d.segments.cab.gateway = '10.20.10.109'),
    'segments.cab.gateway',
    /inside the pool/,
  ],
  [
    'a pool with too few addresses',
    (d) => {
      d.segments.cab.pool.to = '10.20.10.100';
      d.containers.second = { segment: 'cab' };
    },
    'segments.cab.pool',
    /no address left for second/,
  ],
  [
    'a node without address where there is no pool',
    (d) => delete d.containers.control.address,
    'containers.control.address',
    /segment pump has no pool/,
  ],
  [
    'a pool that leaves nothing for the gateway',
    (d) =>
      (d.segments.tiny = {
        vlan: 9,
        subnet: '10.20.9.0/29',
        router: '10.20.9.1',
        pool: { from: '10.20.9.2', to: '10.20.9.6' },
      }),
    'segments.tiny.gateway',
    /outside the pool/,
  ],
];

const nodes: Fault[] = [
  [
    'a command for an adopted container',
    (d) => (d.containers.control.command = ['sh']),
    'containers.control.command',
    /Without an image/,
  ],
  [
    'an environment for an adopted container',
    (d) => (d.containers.control.environment = {}),
    'containers.control.environment',
    /Without an image/,
  ],
  ['one MAC for two devices', (d) => (d.devices.panel.mac = '02:00:00:00:0A:05'), 'devices.panel.mac', /device tablet/],
  ['a multicast MAC', (d) => (d.devices.panel.mac = '01:00:5e:00:00:01'), 'devices.panel.mac', /multicast/],
  ['a MAC of zeros', (d) => (d.devices.panel.mac = '00:00:00:00:00:00'), 'devices.panel.mac', /zeros/],
];

const flows: Fault[] = [
  ['a flow from a misspelt node', (d) => (d.flows.web.from = 'dashbord'), 'flows.web.from', /mean dashboard\?/],
  [
    'a flow to nobody',
    (d) => (d.flows.web.to = 'nobody-at-all'),
    'flows.web.to',
    /no node or segment "nobody-at-all"\. Use/,
  ],
  ['a flow from the internet', (d) => (d.flows.web.from = 'internet'), 'flows.web.from', /not supported yet/],
  [
    'a flow from the internet to itself',
    (d) => Object.assign(d.flows.web, { from: 'internet', to: 'internet' }),
    'flows.web.to',
    /to itself/,
  ],
  ['a flow to itself', (d) => (d.flows.web.to = 'dashboard'), 'flows.web.to', /to itself/],
  ['a flow within a segment', (d) => (d.flows.web.to = 'tablet'), 'flows.web.to', /segment cab.*unfiltered/],
  ['a flow from a node to its own segment', (d) => (d.flows.web.to = 'cab'), 'flows.web.to', /segment cab/],
  ['ping with ports', (d) => (d.flows.web.protocol = 'icmp'), 'flows.web.ports', /icmp has no ports/],
  ...[
    ['a moment without time zone', '2026-11-25T23:00:00'],
    ['a moment with less than seconds', '2026-11-25T23:00:00.5Z'],
    ['a day', '2026-11-25'],
    ['a moment after all times', '2600-01-01T00:00:00Z'],
  ].map(
    ([what, expires]): Fault => [
      `a flow that expires at ${what}`,
      (d) => Object.assign(d.flows.web, { expires, owner: 'o', reason: 'r' }),
      'flows.web.expires',
      /a moment with time zone and whole seconds/,
    ],
  ),
  [
    'a flow that ends before it starts',
    (d) =>
      Object.assign(d.flows.web, {
        ...{ starts: '2026-11-25T23:00:00+01:00', expires: '2026-11-25T22:00:00Z', owner: 'o', reason: 'r' },
      }),
    'flows.web.expires',
    /never be in force/,
  ],
  [
    'a flow that expires for no reason',
    (d) => Object.assign(d.flows.web, { expires: '2026-11-25T22:00:00Z', owner: 'o' }),
    'flows.web.reason',
    /needs a reason/,
  ],
  [
    'a flow that expires and is nobody’s',
    (d) => Object.assign(d.flows.web, { expires: '2026-11-25T22:00:00Z', reason: 'r' }),
    'flows.web.owner',
    /needs an owner/,
  ],
  [
    'a reason of two lines',
    (d) => Object.assign(d.flows.web, { reason: 'one\ntwo' }),
    'flows.web.reason',
    /one line of at most 200/,
  ],
  ['a range backwards', (d) => (d.flows.web.ports = ['90-80']), 'flows.web.ports[0]', /upwards/],
  ['a range from 0', (d) => (d.flows.web.ports = [1, '0-80']), 'flows.web.ports[1]', /between 1 and 65535/],
  ['a range past the end', (d) => (d.flows.web.ports = ['1-65536']), 'flows.web.ports[0]', /between 1 and 65535/],
];

/** What the tablet says to everybody in the cab, and the pump shall hear. */
const saying =
  (changed: Anything, more: Anything = {}): Fault[1] =>
  (d) =>
    (d.broadcasts = { gps: { from: 'tablet', to: ['pump'], port: 10110, ...changed }, ...more });

const broadcasts: Fault[] = [
  ['a broadcast of nobody', saying({ from: undefined }), 'broadcasts.gps.from', /missing.*Who sends it/],
  [
    'a broadcast from a misspelt node',
    saying({ from: 'tabelt' }),
    'broadcasts.gps.from',
    /"tabelt"\. Did you mean tablet/,
  ],
  ['a broadcast from a segment', saying({ from: 'cab' }), 'broadcasts.gps.from', /is a segment.*one source/],
  ['a broadcast from the router', saying({ from: 'router' }), 'broadcasts.gps.from', /no container or device "router"/],
  [
    'a broadcast from a third party’s container',
    saying({ from: 'control', to: ['cab'] }),
    'broadcasts.gps.from',
    /no image.*MAC address is not known/,
  ],
  ['a broadcast to nobody', saying({ to: [] }), 'broadcasts.gps.to', /list that is not empty/],
  ['a broadcast to a text', saying({ to: 'pump' }), 'broadcasts.gps.to', /Expected a list/],
  ['a broadcast to a misspelt segment', saying({ to: ['pumb'] }), 'broadcasts.gps.to[0]', /"pumb"\. Did you mean pump/],
  ['a broadcast to a node', saying({ to: ['panel'] }), 'broadcasts.gps.to[0]', /no segment "panel".*whole segments/],
  ['a broadcast to the internet', saying({ to: ['internet'] }), 'broadcasts.gps.to[0]', /no segment "internet"/],
  ['a broadcast to its own segment', saying({ to: ['pump', 'cab'] }), 'broadcasts.gps.to[1]', /hears it anyway/],
  ['a group that is none', saying({ group: '10.0.0.1' }), 'broadcasts.gps.group', /no multicast group.*239\.192/],
  ['everybody as group', saying({ group: '255.255.255.255' }), 'broadcasts.gps.group', /no multicast group/],
  ['a group that stays at home', saying({ group: '224.0.0.251' }), 'broadcasts.gps.group', /RFC 5771/],
  ['a group by name', saying({ group: 'all' }), 'broadcasts.gps.group', /IPv4 address/],
  ['a broadcast of DHCP', saying({ port: 67 }), 'broadcasts.gps.port', /67 is kept for DHCP servers/],
  ['a broadcast of what is discarded', saying({ port: 9 }), 'broadcasts.gps.port', /measured/],
  ['a range of ports for a broadcast', saying({ port: '1-2' }), 'broadcasts.gps.port', /whole number.*"1-2"/],
  ['a broadcast without a port', saying({ port: undefined }), 'broadcasts.gps.port', /missing/],
  ['no message a second', saying({ rate: 0 }), 'broadcasts.gps.rate', /at least 1/],
  ['more than a thousand a second', saying({ rate: 1001 }), 'broadcasts.gps.rate', /at most 1000/],
  ['a message larger than a packet', saying({ size: 1473 }), 'broadcasts.gps.size', /at most 1472/],
  [
    'a source that is kept',
    saying({ source: 'keep' }),
    'broadcasts.gps.source',
    /"source" is unknown.*Known: from, to/,
  ],
  [
    'the same message for another segment',
    saying({}, { other: { from: 'tablet', to: ['pump'], port: 10110 } }),
    'broadcasts.other',
    /same message as broadcast gps/,
  ],
];

const internet: Fault[] = [
  ['a probe inside a segment', (d) => (d.internet = { probe: '10.20.10.5' }), 'internet.probe', /inside segment cab/],
  ['a loopback probe', (d) => (d.internet = { probe: '127.0.0.1' }), 'internet.probe', /loopback/],
];

const many = (count: number, entry: (index: number) => unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, entry(index)]));

const dhcp: Fault[] = [
  [
    'a DNS server in a segment',
    (d) => (d.dns = { servers: ['9.9.9.9', '10.20.20.5'] }),
    'dns.servers[1]',
    /segment pump/,
  ],
  [
    'a DNS server on the host link',
    (d) => {
      d.host = online();
      d.dns = { servers: ['198.19.0.2'] };
    },
    'dns.servers[0]',
    /host link/,
  ],
  ['a DNS server of loopback', (d) => (d.dns = { servers: ['127.0.0.53'] }), 'dns.servers[0]', /loopback/],
  [
    'a DNS server without a way out',
    (d) => {
      d.uplinks = {};
      d.segments.cab.internet = false;
      d.dns = { servers: ['9.9.9.9'] };
    },
    'dns.servers',
    /no uplink/,
  ],
  [
    'a time server that is everybody',
    (d) => (d.segments.cab.dhcp = { ntp: ['255.255.255.255'] }),
    'segments.cab.dhcp.ntp[0]',
    /future use/,
  ],
];

const limits: Fault[] = [
  ['65 segments', (d) => (d.segments = many(65, () => segment(9, 9))), 'segments', /65 segments.*at most 64/],
  ['1025 nodes', (d) => (d.containers = many(1023, () => ({ segment: 'cab' }))), 'containers', /1025.*at most 1024/],
  ['20,001 flows', (d) => (d.flows = many(20_001, () => d.flows.web)), 'flows', /20001.*at most 20000/],
  [
    '65 broadcasts',
    saying(
      {},
      many(64, () => ({ from: 'tablet', to: ['pump'], port: 1 })),
    ),
    'broadcasts',
    /65.*64/,
  ],
  ['17 uplinks', (d) => (d.uplinks = many(17, () => d.uplinks.wlan)), 'uplinks', /17.*at most 16/],
];

const hostile: Fault[] = [
  [
    'a prototype as segment',
    (d) => Object.defineProperty(d.segments, '__proto__', { value: segment(9, 9), enumerable: true }),
    'segments.__proto__',
    /not accepted/,
  ],
  [
    'a constructor as node',
    (d) => (d.containers.constructor = { segment: 'cab' }),
    'containers.constructor',
    /not accepted/,
  ],
  ['a date', (d) => (d.sequence = new Date(0)), 'sequence', /Expected text, a number/],
  ['a document that contains itself', (d) => (d.flows.web.from = d), 'flows.web.from', /levels deep/],
];

const warnings: Fault[] = [
  [
    'a host link with public addresses',
    (d) => (d.host = online('203.0.113.0/30')),
    'host.subnet',
    /not a private range/,
  ],
  ["a host link in Docker's pools", (d) => (d.host = online('172.20.0.0/30')), 'host.subnet', /172.20.0.0\/14/],

  ['VLAN 1', (d) => (d.segments.cab.vlan = 1), 'segments.cab.vlan', /native VLAN/],
  [
    'no segment at all',
    (d) => Object.assign(d, { segments: {}, containers: {}, devices: {}, flows: {} }),
    'segments',
    /no networks/,
  ],
  ['ipvlan with DHCP', (d) => (d.uplinks.wlan = { interface: 'wlp3s0f0', dhcp: true }), 'uplinks.wlan.dhcp', /macvlan/],
  [
    "a segment in Docker's pools",
    (d) => (d.segments.x = { vlan: 9, subnet: '172.20.3.0/24', router: '172.20.3.1' }),
    'segments.x.subnet',
    /Docker takes subnets/,
  ],
  [
    "a segment in Docker's other pool",
    (d) => (d.segments.x = { vlan: 9, subnet: '192.168.9.0/24', router: '192.168.9.1' }),
    'segments.x.subnet',
    /192\.168\.0\.0\/16/,
  ],
  [
    'a segment with public addresses',
    (d) => (d.segments.x = { vlan: 9, subnet: '8.8.4.0/24', router: '8.8.4.1' }),
    'segments.x.subnet',
    /out of reach/,
  ],
  [
    'overlapping ports',
    (d) => (d.flows.web.ports = ['80-90', 443, '85-87']),
    'flows.web.ports[2]',
    /85-87 overlaps 80-90/,
  ],
  [
    'the same flow twice',
    (d) => (d.flows.same = { ...d.flows.web, ports: ['8000-8010', '443-443'] }),
    'flows.same',
    /same as flow web/,
  ],
  [
    'a flow that the segment makes needless',
    (d) => (d.flows.out = { from: 'dashboard', to: 'internet', protocol: 'icmp' }),
    'flows.out',
    /anyway/,
  ],
  [
    'a segment that hears a broadcast twice',
    saying({ to: ['pump', 'pump'] }),
    'broadcasts.gps.to[1]',
    /in the list already/,
  ],
  ['a private probe', (d) => (d.internet = { probe: '192.168.50.1' }), 'internet.probe', /private/],
];

const broken = (change: Fault[1]) => {
  const document = validDocument();
  change(document);
  return checkDocument(document);
};
const groups = {
  shape,
  names,
  interfaces,
  uplinks,
  host,
  addresses,
  nodes,
  flows,
  broadcasts,
  internet,
  dhcp,
  limits,
  hostile,
};

test('the document that is broken below is valid and gives no warning', () => {
  expect(checkDocument(validDocument())).toMatchObject({ policy: {}, problems: [] });
});

describe.each(Object.entries(groups))('%s', (_group, faults) => {
  test.each(faults)('%s is an error', (_name, change, path, words) => {
    const { policy, problems } = broken(change);
    expect(policy).toBeUndefined();
    expect(problems).toContainEqual({ severity: 'error', path, message: expect.stringMatching(words) });
  });
});

describe('warnings', () => {
  test.each(warnings)('%s is only a warning', (_name, change, path, words) => {
    const { policy, problems } = broken(change);
    expect(policy).toBeDefined();
    expect(problems).toEqual([{ severity: 'warning', path, message: expect.stringMatching(words) }]);
  });
});

describe('several faults', () => {
  test('are all reported at once, whichever check finds them', () => {
    const chosen = [
      'an unknown section',
      'a field of nothing we know',
      'an empty command',
      'a device called switch',
      'docker0 as bridge',
      'a container elsewhere',
      'a multicast MAC',
      'a loopback probe',
      "a segment in Docker's pools",
    ];
    const faults = [...Object.values(groups).flat(), ...warnings].filter(([name]) => chosen.includes(name));
    expect(faults).toHaveLength(chosen.length);
    const { problems } = broken((document) => {
      for (const [, change] of faults) change(document);
    });
    expect(problems.map(({ path }) => path)).toEqual(expect.arrayContaining(faults.map(([, , path]) => path)));
  });

  test('of one entry do not hide those of another', () => {
    const { problems } = broken((d) => {
      d.segments.cab.vlan = 'ten';
      d.segments.pump.router = '10.20.30.1';
    });
    expect(problems.map(({ path }) => path)).toEqual(['segments.cab.vlan', 'segments.pump.router']);
  });

  test('do not make names unknown that are only misunderstood', () => {
    expect(broken((d) => (d.segments.cab.vlan = 0)).problems).toHaveLength(1);
    expect(broken((d) => (d.containers.control.address = 0)).problems).toHaveLength(1);
    expect(broken((d) => (d.segments = 'none')).problems).toHaveLength(1);
    expect(broken((d) => (d.uplinks.wlan.priority = 0)).problems).toHaveLength(1);
  });

  test('come errors first', () => {
    const { problems } = broken((d) => {
      d.segments.cab.vlan = 1;
      d.flows.web.to = 'tablet';
    });
    expect(problems.map(({ severity }) => severity)).toEqual(['error', 'warning']);
  });
});

test('every message is a sentence or more, and ends as one', () => {
  const all = [...Object.values(groups).flat(), ...warnings].flatMap(([, change]) => broken(change).problems);
  for (const { message } of all) expect(message).toMatch(/^\S.*[.?]$/);
});
