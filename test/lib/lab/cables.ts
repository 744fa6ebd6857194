import type { RunOptions, RunResult } from '../../../lib/lab/machine/machine.ts';

interface LinkState {
  /** The other end of the cable. */
  readonly peer?: { readonly namespace: string; readonly name: string };
  readonly mac?: string;
  readonly bridge?: Readonly<Record<string, string>>;
  up: boolean;
  master?: string;
  readonly addresses: Set<string>;
  readonly vlans: Set<string>;
}

/**
 * Namespaces, cables and bridges as `ip` and `bridge` leave them, for the commands that the lab gives and no others: what it does not know,
 * what is there twice and what is missing are errors, as with the real ones. One thing is worse than usual: a namespace that loses its
 * name lives on with its links, as it does while a process is in it, or until the kernel gets round to it.
 */
export class Cables {
  readonly kind = 'this-machine';
  readonly argvs: (readonly string[])[] = [];
  readonly #namespaces = new Map<string, Map<string, LinkState>>();
  readonly #routes = new Map<string, Set<string>>();

  run(argv: readonly string[], { input = '' }: RunOptions = {}): Promise<RunResult> {
    this.argvs.push(argv);
    const [tool = '', ...rest] = argv;
    const namespace = rest[0] === '-n' ? (rest[1] ?? '') : '';
    const words = rest[0] === '-n' ? rest.slice(2) : rest;
    const commands = words[0] === '-batch' ? input.split('\n').filter((line) => line !== '') : [words.join(' ')];
    for (const command of commands) this.#do(tool, namespace, command);
    return Promise.resolve({ stdout: '', stderr: '', exitCode: 0 });
  }

  interactive(): readonly string[] {
    throw new Error('nobody talks to cables');
  }

  /** Everything that has a name, to be compared; cables by both ends. */
  dump(): unknown {
    return Object.fromEntries(
      [...this.#namespaces].sort(byKey).map(([namespace, links]) => [
        namespace,
        {
          links: Object.fromEntries(
            [...links]
              .sort(byKey)
              .map(([name, { addresses, vlans, ...link }]) => [
                name,
                { ...link, addresses: [...addresses].sort(), vlans: [...vlans].sort() },
              ]),
          ),
          routes: [...(this.#routes.get(namespace) ?? [])].sort(),
        },
      ]),
    );
  }

  /** `VID` or `VID pvid untagged`, of a port. */
  vlans(namespace: string, port: string): readonly string[] {
    return [...this.#link(namespace, port).vlans];
  }

  /** Where the other end of a port is plugged in. */
  farEnd(namespace: string, port: string): string | undefined {
    return this.#link(namespace, port).peer?.namespace;
  }

  ports(namespace: string): readonly string[] {
    return [...this.#links(namespace)].filter(([, { master }]) => master !== undefined).map(([name]) => name);
  }

  #do(tool: string, namespace: string, command: string): void {
    const doings: readonly (readonly [string, RegExp, (...words: string[]) => void])[] = [
      ['ip', /^netns add (\S+)$/, (name) => this.#addNamespace(name)],
      ['ip', /^netns delete (\S+)$/, (name) => this.#forgetNamespace(name)],
      ['ip', /^link set dev (\S+) up$/, (name) => Object.assign(this.#link(namespace, name), { up: true })],
      ['ip', /^link set dev (\S+) master (\S+)$/, (name, master) => this.#join(namespace, name, master)],
      ['ip', /^link delete dev (\S+)$/, (name) => this.#unplug(namespace, name)],
      [
        'ip',
        /^link add name (\S+) type veth peer name (\S+)(?: address (\S+))? netns (\S+)$/,
        (name, far, mac, to) => this.#plug({ namespace, name }, { namespace: to, name: far }, mac),
      ],
      [
        'ip',
        /^link add name (\S+) type bridge ((?:\w+ \d+ ?)+)$/,
        (name, options) => this.#add(namespace, name, { bridge: pairs(options) }),
      ],
      [
        'ip',
        /^address add (\S+) dev (\S+)$/,
        (address, name) => addNew(this.#link(namespace, name).addresses, address),
      ],
      ['ip', /^address flush dev (\S+)$/, (name) => this.#link(namespace, name).addresses.clear()],
      ['ip', /^route add (\S+ via \S+ dev \S+)$/, (route) => addNew(this.#routesOf(namespace), route)],
      ['ip', /^route replace (default via \S+ dev \S+)$/, (route) => this.#routes.set(namespace, new Set([route]))],
      ['bridge', /^vlan add dev (\S+) vid (.+)$/, (name, vlan) => addNew(this.#port(namespace, name).vlans, vlan)],
      [
        'bridge',
        /^vlan delete dev (\S+) vid (\d+)$/,
        (name, vlan) => {
          if (!this.#port(namespace, name).vlans.delete(vlan)) throw new Error(`${name} has no VLAN ${vlan}`);
        },
      ],
    ];
    for (const [whose, pattern, act] of doings) {
      const match = whose === tool ? pattern.exec(command) : null;
      if (match !== null) {
        act(...match.slice(1));
        return;
      }
    }
    throw new Error(`${tool} does not understand: ${command}`);
  }

  #addNamespace(name: string): void {
    if (this.#namespaces.has(name)) throw new Error(`namespace ${name} exists`);
    this.#namespaces.set(name, new Map([['lo', { up: false, addresses: new Set(), vlans: new Set() }]]));
  }

  #forgetNamespace(name: string): void {
    if (!this.#namespaces.delete(name)) throw new Error(`no namespace ${name}`);
    this.#routes.delete(name);
  }

  #add(namespace: string, name: string, more: Partial<LinkState>): void {
    if (name.length > 15) throw new Error(`${name} is too long`);
    if (this.#links(namespace).has(name)) throw new Error(`link ${name} in ${namespace} exists`);
    this.#links(namespace).set(name, { up: false, addresses: new Set(), vlans: new Set(), ...more });
  }

  #plug(near: Required<LinkState>['peer'], far: Required<LinkState>['peer'], mac: string | undefined): void {
    this.#add(near.namespace, near.name, { peer: far });
    this.#add(far.namespace, far.name, { peer: near, ...(mac === undefined ? {} : { mac }) });
  }

  #unplug(namespace: string, name: string): void {
    const { peer } = this.#link(namespace, name);
    this.#links(namespace).delete(name);
    if (peer !== undefined) this.#namespaces.get(peer.namespace)?.delete(peer.name);
  }

  #join(namespace: string, name: string, master: string): void {
    if (this.#link(namespace, master).bridge === undefined) throw new Error(`${master} is no bridge`);
    this.#link(namespace, name).master = master;
  }

  #port(namespace: string, name: string): LinkState {
    const link = this.#link(namespace, name);
    if (link.master === undefined) throw new Error(`${name} is no port of a bridge`);
    return link;
  }

  #link(namespace: string, name: string): LinkState {
    const link = this.#links(namespace).get(name);
    if (link === undefined) throw new Error(`no link ${name} in ${namespace}`);
    return link;
  }

  #links(namespace: string): Map<string, LinkState> {
    const links = this.#namespaces.get(namespace);
    if (links === undefined) throw new Error(`no namespace ${namespace}`);
    return links;
  }

  #routesOf(namespace: string): Set<string> {
    const routes = this.#routes.get(namespace) ?? new Set();
    this.#routes.set(namespace, routes);
    return routes;
  }
}

function addNew(set: Set<string>, member: string): void {
  if (set.has(member)) throw new Error(`${member} exists`);
  set.add(member);
}

function pairs(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(/(\w+) (\d+)/g)].map(([, key = '', value = '']) => [key, value]));
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
