import { checkAgainstHost } from '../../../lib/policy/index.ts';
import { policyOf, validDocument } from './documents.ts';

const policy = policyOf(validDocument());

test('a host that is in other networks only is fine', () => {
  const subnets = [
    { subnet: '127.0.0.0/8', interface: 'lo' },
    { subnet: '172.17.0.0/16', interface: 'docker0' },
    { subnet: 'fe80::/64', interface: 'enp2s0' },
  ];
  expect(checkAgainstHost(policy, subnets)).toEqual([]);
});

test("the uplink's own network on the uplink's interface is fine, and a segment's on its bridge", () => {
  const subnets = [
    { subnet: '192.168.50.0/24', interface: 'wlp3s0f0' },
    { subnet: '10.20.10.0/24', interface: 'fb-cab' },
  ];
  expect(checkAgainstHost(policy, subnets)).toEqual([]);
});

test('a host that is in the network of a segment or an uplink is refused', () => {
  const subnets = [
    { subnet: '192.168.0.0/16', interface: 'eth7' },
    { subnet: '10.20.20.128/25', interface: 'tun0' },
  ];
  expect(checkAgainstHost(policy, subnets)).toEqual([
    { severity: 'error', path: 'segments.pump.subnet', message: expect.stringMatching(/10\.20\.20\.128\/25.*tun0/) },
    { severity: 'error', path: 'uplinks.wlan.subnet', message: expect.stringMatching(/eth7/) },
  ]);
});

test('a segment in the network of the uplink interface is refused, though the uplink takes its address by DHCP', () => {
  const document = validDocument();
  document.uplinks.wlan = { interface: 'wlp3s0f0', driver: 'macvlan', dhcp: true };
  const problems = checkAgainstHost(policyOf(document), [{ subnet: '10.20.0.0/16', interface: 'wlp3s0f0' }]);
  expect(problems.map(({ path }) => path)).toEqual(['segments.cab.subnet', 'segments.pump.subnet']);
});

describe('the host link', () => {
  const withHostLink = policyOf({ ...validDocument(), host: { internet: true } });

  test('in a network that the host is in is refused', () => {
    expect(checkAgainstHost(withHostLink, [{ subnet: '198.18.0.0/15', interface: 'tun0' }])).toEqual([
      { severity: 'error', path: 'host.subnet', message: expect.stringMatching(/tun0/) },
    ]);
  });

  test('is never in the way of another policy, also one that gives its subnet to a segment', () => {
    const own = [{ subnet: '198.19.0.2/30', interface: 'fb-host' }];
    expect(checkAgainstHost(withHostLink, own)).toEqual([]);
    const document = validDocument();
    document.segments.pump = { vlan: 20, subnet: '198.19.0.0/24', router: '198.19.0.1' };
    document.containers = {};
    document.flows = {};
    document.devices = {};
    expect(checkAgainstHost(policyOf(document), own)).toEqual([]);
  });
});
