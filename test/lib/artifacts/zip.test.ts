import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { digest } from '../../../lib/artifacts/digest.ts';
import { zip } from '../../../lib/artifacts/zip.ts';

const scratch = mkdtempSync(join(tmpdir(), 'firebreak-zip-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const files = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,8}(\/[a-z.]{1,8})?$/),
  fc.record({ bytes: fc.uint8Array({ maxLength: 200 }), executable: fc.boolean() }),
  { maxKeys: 6, noNullPrototype: true },
);

test('an archive holds what was packed', () => {
  fc.assert(
    fc.property(files, (packed) => {
      const found = Object.entries(unzipSync(zip(packed))).map(([path, bytes]) => [path, Buffer.from(bytes)]);
      expect(Object.fromEntries(found)).toEqual(
        Object.fromEntries(Object.entries(packed).map(([path, { bytes }]) => [path, Buffer.from(bytes)])),
      );
    }),
  );
});

test('the order in which files are named makes no difference', () => {
  fc.assert(
    fc.property(files, (packed) => {
      const backwards = Object.fromEntries(Object.entries(packed).reverse());
      expect(Buffer.from(zip(backwards)).equals(zip(packed))).toBe(true);
    }),
  );
});

test('a changed byte, name or mode makes another archive', () => {
  const bytes = Buffer.from('one');
  const archives = [
    { program: { bytes, executable: true } },
    { program: { bytes } },
    { other: { bytes, executable: true } },
    { program: { bytes: Buffer.from('two'), executable: true } },
  ].map((packed) => digest(zip(packed), 'hex'));
  expect(new Set(archives).size).toBe(4);
});

test('programs are executable for everybody and nothing is writable for others, as unzip would unpack them', () => {
  const archive = zip({ program: { bytes: Buffer.from('x'), executable: true }, text: { bytes: Buffer.from('y') } });
  // Central directory file header (APPNOTE 4.3.12): external attributes at 38, name at 46.
  const central = Buffer.from('PK\x01\x02', 'latin1');
  const modes: Record<string, string> = {};
  for (let at = archive.length; at >= 0; at = Buffer.from(archive).lastIndexOf(central, at - 1)) {
    if (at === archive.length) continue;
    const header = Buffer.from(archive).subarray(at);
    const name = header.toString('latin1', 46, 46 + header.readUInt16LE(28));
    modes[name] = (header.readUInt32LE(38) >>> 16).toString(8);
  }
  expect(modes).toEqual({ program: '100755', text: '100644' });
});

test('it is the same in every time zone and locale', async () => {
  const script = join(scratch, 'pack.cjs');
  await build({
    stdin: {
      contents: `import { zip } from './lib/artifacts/zip.ts'; process.stdout.write(zip({ a: { bytes: Buffer.from('a'.repeat(999)) } }));`,
      resolveDir: join(__dirname, '../../..'),
    },
    ...{ bundle: true, platform: 'node', format: 'cjs', outfile: script, logLevel: 'warning' },
  });
  const here = zip({ a: { bytes: Buffer.from('a'.repeat(999)) } });
  for (const environment of [
    { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8' },
    { TZ: 'America/Los_Angeles', LC_ALL: 'C' },
  ]) {
    const there = execFileSync(process.execPath, [script], { env: { ...process.env, ...environment } });
    expect(there.equals(here)).toBe(true);
  }
});
