import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundle, start } from '../../components/bundle.ts';
import { EXAMPLES } from '../truck/support.ts';

const directory = mkdtempSync(join(tmpdir(), 'firebreak-watch-'));
const program = join(directory, 'firebreak.cjs');
const bad = join(directory, 'bad.yaml');

beforeAll(() => {
  bundle("import './bin/main.ts';", program);
  writeFileSync(bad, readFileSync(join(EXAMPLES, 'article.yaml'), 'utf8').replace('vlan: 2', 'vlan: two'));
});
afterAll(() => rmSync(directory, { recursive: true }));

test('a policy that another process refuses for the watch is refused with its problems and exit code 2', async () => {
  const child = start(program, ['watch', bad, '--router-image', 'nowhere.tar', '--json']);
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stdout = await text(child.stdout);
  expect(await ended).toBe(2);
  const { problems } = JSON.parse(stdout) as { readonly problems: readonly { readonly path: string }[] };
  expect(problems.map(({ path }) => path)).toContain('segments.br1net.vlan');
});
