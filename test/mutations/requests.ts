import { ASKED, type Request } from '../components/network-manager/engine/engine-truck.ts';

/** One option that the Docker Engine is asked for, taken out of the request. */
export interface RequestMutation {
  readonly name: string;
  readonly what: 'network' | 'router';
  /** The network's name, if it is one. */
  readonly of?: string;
  readonly change: (request: Request) => Request;
}

/** Says what is made, and where: without it there is nothing, or something else. */
const IDENTITY = /^(Name|Driver|Labels|IPAM|Image|Hostname|NetworkingConfig|HostConfig\.NetworkMode)\b/;

type Path = readonly (string | number)[];

/** Everything in a request that can be left out, each once: values, and what lists hold. */
function leaves(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, member]) =>
    leaves(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}

function without(value: unknown, [key, ...rest]: Path): unknown {
  if (Array.isArray(value)) {
    return rest.length === 0
      ? value.filter((_, index) => index !== key)
      : value.map((member, index) => (index === key ? without(member, rest) : member));
  }
  return Object.fromEntries(
    Object.entries(value as object).flatMap(([name, member]) =>
      name !== key ? [[name, member]] : rest.length === 0 ? [] : [[name, without(member, rest)]],
    ),
  );
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

function mutationsOf(what: RequestMutation['what'], request: Request, of?: string): readonly RequestMutation[] {
  return leaves(request)
    .filter((path) => !IDENTITY.test(path.join('.')))
    .map((path) => {
      const last = path.at(-1);
      const words = typeof last === 'number' ? [...path.slice(0, -1), valueAt(request, path)] : path;
      return {
        ...{ name: `engine, ${of ?? what}: without ${words.join(', ')}`, what },
        ...(of === undefined ? {} : { of }),
        change: (asked) => without(asked, path) as Request,
      };
    });
}

/** What the router's configuration may be written by. */
const WRITABLE: RequestMutation = {
  ...{ name: 'engine, router: with a configuration that it may write', what: 'router' },
  change: (asked) => JSON.parse(JSON.stringify(asked).replace(':/etc/firebreak:ro', ':/etc/firebreak')),
};

/** Each option of the router's container, of a segment's network and of the host link's. PURE. */
export const REQUEST_MUTATIONS: readonly RequestMutation[] = [
  ...mutationsOf(
    'router',
    ASKED.router(
      { configuration: '/var/lib/firebreak/router', leases: '/var/lib/firebreak/leases' },
      'firebreak-router',
    ),
  ),
  WRITABLE,
  ...mutationsOf('network', ASKED.network('br0net'), 'br0net'),
  ...mutationsOf('network', ASKED.network(ASKED.hostLink), ASKED.hostLink),
];
