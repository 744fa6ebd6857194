/** Is it the system's error of this name (errno(3)), such as ENOENT? */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
