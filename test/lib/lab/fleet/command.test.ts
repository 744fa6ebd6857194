import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundle, start } from '../../../components/bundle.ts';

/** `firebreak lab fleet`, in a process of its own, until Ctrl-C. */
jest.setTimeout(180_000);

test('the command says how to speak of its fleet, tells how trucks get on, and leaves nothing', async () => {
  const build = mkdtempSync(join(tmpdir(), 'firebreak-lab-fleet-'));
  try {
    const program = join(build, 'firebreak', 'bundle.cjs');
    bundle("import './bin/main.ts';", program);
    bundle("import './lib/lab/cloud/process.ts';", join(build, 'cloud', 'cloud.cjs'));
    bundle("import './lib/lab/fleet/process.ts';", join(build, 'simulator', 'simulator.cjs'));
    const host = `127.91.${(process.pid >> 8) & 255}.${process.pid & 255 || 1}`;
    const command = start(program, ['lab', 'fleet', '--trucks', '3', '--away', '0', '--host', host, '--json']);
    let lastWords = '';
    command.stderr.on('data', (chunk: Buffer) => {
      lastWords += chunk.toString();
    });
    const ended = once(command, 'exit');
    let environment: Record<string, string> = {};
    for await (const line of createInterface({ input: command.stdout })) {
      const said = JSON.parse(line);
      environment = said.environment ?? environment;
      if (said.connected === 3) break;
    }
    expect(environment).toMatchObject({ FIREBREAK_FLEET_ENDPOINT: `https://${host}:8443`, FIREBREAK_STAGE: 'lab' });
    expect(existsSync(environment.FIREBREAK_CA ?? '')).toBe(true);
    command.kill('SIGINT');
    expect([await ended, lastWords]).toEqual([[0, null], '']);
    expect(existsSync(environment.FIREBREAK_CA ?? '')).toBe(false);
  } finally {
    rmSync(build, { recursive: true });
  }
});
