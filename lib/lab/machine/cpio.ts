/** One member of an initramfs. Its directories are made by itself. */
export type CpioEntry =
  | { readonly path: string; readonly content: Buffer | string /** Permission bits. */; readonly mode: number }
  | { readonly path: string; readonly target: string };

const DIRECTORY = 0o040755;
const REGULAR = 0o100000;
const LINK = 0o120777;

/**
 * An archive in the "newc" format, which the kernel unpacks as its first file system
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Same entries, same bytes: owner root, time 0.
 */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const made = new Set<string>();
  const chunks: Buffer[] = [];
  let inode = 1;
  const add = (path: string, mode: number, content: Buffer) => {
    chunks.push(member(path, mode, inode++, content));
  };
  for (const entry of entries) {
    const parts = entry.path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const directory = parts.slice(0, depth).join('/');
      if (!made.has(directory)) add(directory, DIRECTORY, Buffer.alloc(0));
      made.add(directory);
    }
    if ('target' in entry) add(entry.path, LINK, Buffer.from(entry.target));
    else add(entry.path, REGULAR | entry.mode, Buffer.from(entry.content));
  }
  chunks.push(member('TRAILER!!!', 0, 0, Buffer.alloc(0)));
  return Buffer.concat(chunks);
}

function member(path: string, mode: number, inode: number, content: Buffer): Buffer {
  const name = Buffer.from(`${path}\0`);
  // inode, mode, uid, gid, links, time, size, device (2), device of a node (2), length of the name, checksum
  const numbers = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(content)]);
}

/** To a multiple of 4 bytes. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
