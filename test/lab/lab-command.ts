import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * `firebreak lab …` as a user runs it, its progress on standard error. A program of its own: what jest runs outside of tests is
 * loaded by Node, which can't load everything that tests can.
 */
export function labCommand(...argv: readonly string[]): void {
  const program = join(__dirname, '../../bin/firebreak');
  execFileSync(process.execPath, [program, 'lab', ...argv], {
    cwd: join(__dirname, '../..'),
    stdio: ['ignore', 2, 2],
  });
}
