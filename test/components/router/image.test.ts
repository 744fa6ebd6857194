import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCacheDirectory } from '../../../components/router/cache-directory.ts';
import type { Architecture } from '../../../components/router/debian.ts';
import { type BuiltImage, buildImage } from '../../../components/router/image/build.ts';
import { elfNeeds } from '../../../components/router/image/elf.ts';
import { routerImage } from '../../../components/router/router-image.ts';

jest.setTimeout(180_000);

const ROOT = join(__dirname, '../../../components/router/root');
const scratch = mkdtempSync(join(tmpdir(), 'firebreak-image-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const tar = (...argv: string[]) => execFileSync('tar', argv, { maxBuffer: 64 * 1024 * 1024 });
const layerOf = ({ archive }: BuiltImage) => tar('-xOf', archive, 'layer.tar');
const fileOf = (image: BuiltImage, path: string) =>
  execFileSync('tar', ['-xOf', '-', `.${path}`], { input: layerOf(image), maxBuffer: 64 * 1024 * 1024 });

/** e_machine of the ELF header (elf(5)). */
const MACHINES: Readonly<Record<Architecture, number>> = { amd64: 62, arm64: 183 };

describe.each(['amd64', 'arm64'] as const)('the router’s image for %s', (architecture) => {
  let image: BuiltImage;
  beforeAll(async () => {
    image = await buildImage(routerImage(architecture, ROOT), defaultCacheDirectory());
  });

  test('names itself by its content, and says what runs in it', () => {
    const [manifest] = JSON.parse(tar('-xOf', image.archive, 'manifest.json').toString());
    expect(manifest.RepoTags).toEqual([image.tag]);
    expect(image.tag).toMatch(/^firebreak-router:[0-9a-f]{12}$/);
    const configuration = JSON.parse(tar('-xOf', image.archive, manifest.Config).toString());
    expect(configuration).toMatchObject({
      architecture,
      os: 'linux',
      config: { Entrypoint: ['/usr/local/bin/firebreak-router'], Cmd: ['run'] },
    });
  });

  test.each(['/bin/sh', '/bin/busybox', '/bin/ip', '/usr/sbin/nft', '/usr/bin/flock'])('%s is built for it', (path) => {
    expect(fileOf(image, path).readUInt16LE(18)).toBe(MACHINES[architecture]);
  });

  test('holds what is ours, and nothing of the packages but what runs', () => {
    const names = execFileSync('tar', ['-t'], { input: layerOf(image) })
      .toString()
      .split('\n');
    expect(names).toEqual(expect.arrayContaining(['./usr/local/bin/firebreak-router', './bin/awk']));
    expect(names.filter((name) => /\/(doc|man|perl|apt|locale)\//.test(name))).toEqual([]);
    expect(fileOf(image, '/usr/local/bin/firebreak-router')).toEqual(
      readFileSync(join(ROOT, 'usr/local/bin/firebreak-router')),
    );
  });
});

test('built twice, in different places, it is the same to the byte', async () => {
  const recipe = { ...routerImage('amd64', ROOT), name: 'twice' };
  const [first, second] = [
    await buildImage(recipe, join(scratch, 'first')),
    await buildImage(recipe, join(scratch, 'second')),
  ];
  expect(readFileSync(first.archive).equals(readFileSync(second.archive))).toBe(true);
});

test('a program of ours that lost its executable bit makes another image, and not another one of the same name', async () => {
  const overlayDirectory = join(scratch, 'overlay');
  cpSync(ROOT, overlayDirectory, { recursive: true });
  chmodSync(join(overlayDirectory, 'usr/local/bin/firebreak-router'), 0o644);
  const recipe = (directory: string) => ({ ...routerImage('amd64', directory), name: 'executable' });
  const [one, other] = [
    await buildImage(recipe(ROOT), join(scratch, 'first')),
    await buildImage(recipe(overlayDirectory), join(scratch, 'first')),
  ];
  expect(other.tag).not.toBe(one.tag);
});

test('a cache behind a symbolic link will do', async () => {
  symlinkSync(join(scratch, 'first'), join(scratch, 'link'));
  const recipe = { ...routerImage('amd64', ROOT), name: 'linked' };
  await expect(buildImage(recipe, join(scratch, 'link'))).resolves.toMatchObject({
    tag: expect.stringMatching(/^linked:/),
  });
});

test('a library that no package holds is named, and no archive is left', async () => {
  const { packages, ...rest } = routerImage('amd64', ROOT);
  const recipe = { ...rest, name: 'lacking', packages: packages.filter((name) => name !== 'libmnl0') };
  await expect(buildImage(recipe, scratch)).rejects.toThrow(/needs libmnl\.so\.0, which no package of the image holds/);
});

test('a program that no package holds is named', async () => {
  const recipe = { ...routerImage('amd64', ROOT), name: 'lacking', programs: ['/bin/nothing'] };
  await expect(buildImage(recipe, scratch)).rejects.toThrow('no package of the image holds /bin/nothing');
});

describe('an ELF file’s needs', () => {
  test('are its dynamic linker and its libraries', () => {
    const needs = elfNeeds(readFileSync(process.execPath));
    expect(needs?.interpreter).toMatch(/^\/lib.*\/ld-linux/);
    expect(needs?.libraries).toEqual(expect.arrayContaining(['libc.so.6']));
  });

  test.each([
    ['a script', '#!/bin/sh\necho hello\n'],
    ['nothing', ''],
    ['a short file that begins like one', '\u007fELF'],
  ])('of %s there are none', (_, content) => {
    expect(elfNeeds(Buffer.from(content, 'latin1'))).toBeUndefined();
  });
});
