import type { TruckNetwork } from '../network.ts';
import type { Attachment, InterfaceState, ObservedContainer, Port } from '../observed.ts';
import { portGroup } from '../port-group.ts';
import type { Step } from '../steps.ts';

/**
 * Containers whose veth isn't where Docker put it, or isn't what Docker made of it: mended in place, at the end that is wrong, so that nothing
 * else is touched and nobody is restarted. The inside of the router is its script's.
 * @param disconnections of this plan: what goes needs no mending
 */
export function mendAttachments(
  desired: TruckNetwork,
  containers: readonly ObservedContainer[],
  disconnections: readonly Step[],
): readonly Step[] {
  const goes = (container: string, network: string) =>
    disconnections.some((step) => step.do === 'disconnect' && step.container === container && step.network === network);
  return containers.flatMap(({ name, endpoints }) =>
    endpoints.flatMap(({ network, attachment }) => {
      const found = desired.networks.find((each) => each.name === network);
      if (found?.bridge === undefined || !attachment || goes(name, network)) return [];
      const at = { container: name, network };
      // The host link is no segment: its port is in no group.
      const wanted = { bridge: found.bridge, group: found.role === 'segment' ? portGroup(found.subnet) : 0 };
      return [...plugPort(at, attachment, wanted), ...(name === desired.router.name ? [] : readdress(at, attachment))];
    }),
  );
}

interface At {
  readonly container: string;
  readonly network: string;
}

function plugPort(at: At, { port }: Attachment, wanted: Port & { readonly bridge: string }): readonly Step[] {
  const isRight = port.bridge === wanted.bridge && port.group === wanted.group && port.up;
  return isRight ? [] : [{ do: 'plug-port', ...at, port: port.name, wanted }];
}

function readdress(at: At, { given, inside }: Attachment): readonly Step[] {
  const parts = ['mac', 'addresses', 'gateways'] as const satisfies readonly (keyof InterfaceState)[];
  const wrong = parts.filter((part) => JSON.stringify(inside[part]) !== JSON.stringify(given[part]));
  if (wrong.length === 0 && inside.up) return [];
  return [{ do: 'readdress', ...at, interface: inside.name, wanted: given, wrong }];
}
