import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

/**
 * Starts a program that goes on by itself: in a session of its own (setsid(1)), nobody's child, so that neither this process's death nor
 * whoever ends it with all its children touches it.
 * @param log file that gets its output; what was in it is lost
 * @throws Error when it can't be started
 */
export async function startDetached(argv: readonly string[], log: string): Promise<void> {
  const output = openSync(log, 'w', 0o600);
  try {
    // Its working directory is nobody's mount.
    const child = spawn('setsid', ['--fork', ...argv], { cwd: '/', stdio: ['ignore', output, output] });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`setsid --fork ${argv.join(' ')}: exit code ${code}; see ${log}`);
  } finally {
    closeSync(output);
  }
}
