import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundle, start } from '../../bundle.ts';

jest.setTimeout(120_000);

test('connections that are lost while streams are being activated cost nobody’s life, though freed memory is overwritten', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'firebreak-losses-'));
  try {
    const program = join(directory, 'losses.cjs');
    bundle("import './test/components/host/ipc/losses-process.ts';", program);
    // glibc fills what is freed (mallopt(3)), so that who uses it falls at once.
    const child = start(program, [], { MALLOC_PERTURB_: '165' });
    const [said, failed, [code, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    expect({ said, code, signal, failed }).toEqual({ said: 'lived\n', code: 0, signal: null, failed: '' });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
