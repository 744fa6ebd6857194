import { checkDocument } from '../../../lib/policy/index.ts';
import type { Policy } from '../../../lib/policy/policy.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests break documents in every way that the types forbid.
export type Anything = any;

/** A valid document without warnings, fresh every time, for a test to break. */
export function validDocument(): Anything {
  return {
    version: 1,
    sequence: 3,
    trunk: { interface: 'enp2s0' },
    uplinks: {
      wlan: { interface: 'wlp3s0f0', subnet: '192.168.50.0/24', address: '192.168.50.2', gateway: '192.168.50.1' },
    },
    segments: {
      cab: {
        vlan: 10,
        subnet: '10.20.10.0/24',
        router: '10.20.10.1',
        pool: { from: '10.20.10.100', to: '10.20.10.109' },
        internet: true,
      },
      pump: { vlan: 20, subnet: '10.20.20.0/24', router: '10.20.20.1', gateway: '10.20.20.2' },
    },
    containers: {
      dashboard: {
        segment: 'cab',
        image: 'alpine:3',
        command: ['sleep', 'infinity'],
        environment: { UNITS: 'metric' },
      },
      control: { segment: 'pump', address: '10.20.20.10' },
    },
    devices: {
      tablet: { segment: 'cab', mac: '02:00:00:00:0a:05', address: '10.20.10.5' },
      panel: { segment: 'pump', mac: '02:00:00:00:14:05', address: '10.20.20.5' },
    },
    flows: { web: { from: 'dashboard', to: 'control', protocol: 'tcp', ports: [443, '8000-8010'] } },
  };
}

/** The policy of a document that must be valid. */
export function policyOf(document: unknown): Policy {
  const { policy, problems } = checkDocument(document);
  if (policy === undefined) throw new Error(JSON.stringify(problems, null, 2));
  return policy;
}
