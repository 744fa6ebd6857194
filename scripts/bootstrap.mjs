// Makes a fresh clone ready to run: npm packages as the lock has them, and the build. Done again only when the lock or a source changed.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = (...argv) => execFileSync(argv[0], argv.slice(1), { cwd: root, stdio: ['ignore', 2, 2] });

const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  console.error(`Firebreak needs Node 20 or newer; this is ${process.version}`);
  process.exit(1);
}
if (!installed()) {
  console.error('installing npm packages (npm ci)');
  run('npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error');
} else {
  run(process.execPath, join('scripts', 'build.mjs'));
}

/** npm writes what it installed beside the packages; it is compared with the lock. */
function installed() {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const found = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  return Object.entries(found).every(([path, { version }]) => wanted[path]?.version === version);
}
