/**
 * The kernel modules that a list of names needs, dependencies first, each once: the order for insmod.
 * @param dependencies the text of modules.dep (depmod(8)): `PATH: PATH...`, what a module needs, nearest first
 * @param builtin the text of modules.builtin: what needs no loading
 * @throws Error naming a module that the kernel has not
 */
export function loadOrder(dependencies: string, builtin: string, wanted: readonly string[]): readonly string[] {
  const needs = new Map<string, readonly string[]>();
  const paths = new Map<string, string>();
  for (const line of dependencies.split('\n')) {
    const [path, rest] = line.split(':');
    if (path === undefined || rest === undefined) continue;
    needs.set(
      path,
      rest.split(' ').filter((part) => part !== ''),
    );
    paths.set(moduleName(path), path);
  }
  const inKernel = new Set(builtin.split('\n').map(moduleName));
  const order = new Set<string>();
  const add = (path: string) => {
    if (order.has(path)) return;
    // All of them are listed with a module, so a cycle can't hide here: farthest first.
    for (const needed of [...(needs.get(path) ?? [])].reverse()) order.add(needed);
    order.add(path);
  };
  for (const name of wanted) {
    const path = paths.get(name.replaceAll('-', '_'));
    if (path !== undefined) add(path);
    else if (!inKernel.has(name.replaceAll('-', '_'))) throw new Error(`this kernel has no module ${name}`);
  }
  return [...order];
}

/** `kernel/fs/fuse/virtiofs.ko.xz` is virtiofs; `-` and `_` are the same in the names of modules. */
function moduleName(path: string): string {
  return path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.ko(\.\w+)?$/, '')
    .replaceAll('-', '_');
}
