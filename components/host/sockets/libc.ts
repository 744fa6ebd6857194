import koffi from 'koffi';

/**
 * The few functions of the C library that Node has no words for: entering a network namespace, raw sockets, and locks. glibc on 64-bit
 * little-endian Linux (x64, arm64: the same structure layouts). This is the project's only foreign function interface.
 */
const libc = koffi.load('libc.so.6');

const NATIVE = {
  unshare: libc.func('int unshare(int flags)'),
  setns: libc.func('int setns(int fd, int nstype)'),
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  bind: libc.func('int bind(int fd, void *address, uint32_t length)'),
  connect: libc.func('int connect(int fd, void *address, uint32_t length)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)'),
  getsockopt: libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)'),
  sendto: libc.func('long sendto(int fd, void *data, size_t size, int flags, void *address, uint32_t length)'),
  recv: libc.func('long recv(int fd, void *data, size_t size, int flags)'),
  poll: libc.func('int poll(void *fds, unsigned long count, int timeout)'),
  close: libc.func('int close(int fd)'),
  if_nametoindex: libc.func('uint32_t if_nametoindex(void *name)'),
  flock: libc.func('int flock(int fd, int operation)'),
};

/** A system call that failed. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  /** Name of the error, such as EPERM (errno(3)). */
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = ERRNO_NAMES.get(errno) ?? `errno ${errno}`;
    super(`${call}: ${code}${HINTS[code] === undefined ? '' : `: ${HINTS[code]}`}`);
    this.code = code;
  }
}

const ERRNO_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(koffi.os.errno).map(([name, value]) => [value, name]),
);

const HINTS: Readonly<Record<string, string>> = {
  EPERM: 'raw sockets and other network namespaces need root',
  ENETUNREACH: 'no route to the address',
  EHOSTUNREACH: 'no route to the address, or nobody answers for it',
};

/** Does a system call. @throws SystemCallError when it gives a negative result. */
export function call(name: keyof typeof NATIVE, ...args: readonly (number | Buffer | null)[]): number {
  const result = Number(NATIVE[name](...args));
  if (result < 0) throw new SystemCallError(name, koffi.errno());
  return result;
}
