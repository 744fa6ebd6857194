import type { Policy } from '../../lib/policy/index.ts';
import type { FrameDescription } from '../../lib/truck/bypass.ts';
import { controlOf } from '../../lib/truck/judge-bypasses.ts';
import { INTERNET, ROUTER } from '../../lib/truck/network.ts';
import type { Control } from './bypass-record.ts';
import type { Survey } from './bypass-survey.ts';

/** A control that is sent as a frame, as the attempts are. */
interface ControlFrame extends Control {
  readonly uplink?: string;
  readonly frame: FrameDescription;
}

/** A control that is sent by an ordinary UDP socket of the router or the host. */
interface OrdinaryControl extends Control {
  readonly address: string;
}

/** discard (RFC 863) */
const NOWHERE = 9;

/**
 * What everybody in a segment should hear: from each node a plain frame of each type to all of its segment. It shows that the node's
 * frames get out, and that those who hear it would hear others, too. The ARP request is for the router's address, which it answers.
 */
export function controlFrames(policy: Policy, { surroundings }: Survey): readonly ControlFrame[] {
  const nodes = policy.nodes.flatMap(({ name, address, segment }) => {
    const own = policy.segments.find((candidate) => candidate.name === segment);
    if (own === undefined) return [];
    return plain(name, surroundings.standIns[name] ?? address, own.router).map((control) => ({ ...control, segment }));
  });
  const outside = surroundings.uplinks.flatMap(({ name: uplink, router, outside: address }) =>
    address === undefined ? [] : plain(INTERNET, address, router).map((control) => ({ ...control, uplink })),
  );
  return [...nodes, ...outside];
}

function plain(from: string, address: string, router: string): readonly ControlFrame[] {
  const control = (to: FrameDescription['to'], packet: FrameDescription['packet'], asked?: string): ControlFrame => ({
    ...{ from, proves: controlOf(from, packet.type), frame: { to, tags: [], packet } },
    ...(asked === undefined ? {} : { asked }),
  });
  return [
    control('broadcast', {
      ...{ type: 'ipv4', source: address, destination: '255.255.255.255' },
      ...{ protocol: 'udp', port: NOWHERE },
    }),
    control('broadcast', { type: 'arp', sender: address, target: router }, router),
    control('group', { type: 'ipv6', destination: 'ff02::1', protocol: 'udp' }),
  ];
}

/** That host and router would hear what is delivered to themselves, by their loopback; and that the router reaches the outside. */
export function ordinaryControls(policy: Policy): readonly OrdinaryControl[] {
  const control = (from: string, address: string) => ({ from, address, proves: controlOf(from, 'ipv4') });
  return [
    control('the host', '127.0.0.1'),
    control(ROUTER, '127.0.0.1'),
    ...(policy.uplinks.length > 0 ? [control(ROUTER, policy.internet.probe)] : []),
  ];
}
