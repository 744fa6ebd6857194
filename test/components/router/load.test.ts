import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A stand-in for the docker command: a directory is its Engine, a file in it an image; what it is asked to do is kept. */
const DOCKER = `#!/bin/sh
echo "$*" >> "$ENGINE/asked"
case "$1 \${2:-}" in
  'version ') [ -e "$ENGINE/up" ] || { touch "$ENGINE/up"; exit 1; } ;;
  'image inspect') [ -e "$ENGINE/images/$3" ] ;;
  'image ls') ls "$ENGINE/images" ;;
  'image rm') case $3 in *:used) exit 1 ;; esac; rm "$ENGINE/images/$3" ;;
  'load --quiet') name=$(cat "$4") && touch "$ENGINE/images/$name" ;;
  *) exit 64 ;;
esac
`;

const scratch = mkdtempSync(join(tmpdir(), 'firebreak-load-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function truckWith(...images: readonly string[]) {
  const engine = mkdtempSync(join(scratch, 'truck-'));
  spawnSync('mkdir', ['-p', join(engine, 'images'), join(engine, 'unpacked'), join(engine, 'bin')]);
  for (const image of images) writeFileSync(join(engine, 'images', image), '');
  writeFileSync(join(engine, 'bin', 'docker'), DOCKER);
  chmodSync(join(engine, 'bin', 'docker'), 0o755);
  const unpacked = join(engine, 'unpacked');
  cpSync(join(__dirname, '../../../components/router/load'), join(unpacked, 'load'));
  writeFileSync(join(unpacked, 'tag'), 'firebreak-router:new');
  writeFileSync(join(unpacked, 'image.tar'), 'firebreak-router:new');
  return {
    /** An archive whose name can't be read can't be loaded. */
    spoil: () => rmSync(join(unpacked, 'image.tar')),
    has: (image: string) => existsSync(join(engine, 'images', image)),
    asked: () => readFileSync(join(engine, 'asked'), 'utf8').trim().split('\n'),
    load: () =>
      spawnSync(join(unpacked, 'load'), {
        env: { PATH: `${join(engine, 'bin')}:${process.env.PATH}`, ENGINE: engine },
        encoding: 'utf8',
        timeout: 20_000,
      }),
  };
}

test('the image is loaded as soon as the Engine answers', () => {
  const truck = truckWith();
  expect(truck.load()).toMatchObject({ status: 0, stderr: '' });
  expect(truck.has('firebreak-router:new')).toBe(true);
  expect(truck.asked().slice(0, 2)).toEqual(['version', 'version']);
});

test('what the Engine has is not loaded again', () => {
  const truck = truckWith('firebreak-router:new');
  expect(truck.load().status).toBe(0);
  expect(truck.asked().filter((words) => words.startsWith('load'))).toEqual([]);
});

test('images of former versions go, but for the one that is in use', () => {
  const truck = truckWith('firebreak-router:old', 'firebreak-router:used');
  expect(truck.load().status).toBe(0);
  expect(['new', 'old', 'used'].map((tag) => truck.has(`firebreak-router:${tag}`))).toEqual([true, false, true]);
});

test('an Engine that refuses the image fails the component', () => {
  const truck = truckWith();
  truck.spoil();
  expect(truck.load().status).not.toBe(0);
});
