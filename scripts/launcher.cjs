// Starts the bundle beside it with V8's compiled code from the build, which halves what a command takes before it begins. Code of another
// version of Node is refused by V8 itself; then, and without any, the bundle is compiled as usual.
'use strict';
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');
const { Script } = require('node:vm');

// The watch has a small bundle of its own, because it stays in memory.
const name = process.argv[2] === 'watch' ? 'watch' : 'bundle';
const bundle = join(__dirname, `${name}.js`);
const cache = join(__dirname, `${name}.cache`);
const source = Module.wrap(readFileSync(bundle, 'utf8'));
const script = new Script(source, {
  filename: bundle,
  ...(existsSync(cache) ? { cachedData: readFileSync(cache) } : {}),
});
const module_ = { exports: {} };
script.runInThisContext()(module_.exports, Module.createRequire(bundle), module_, bundle, __dirname);

// The build runs a command once, so that what commands use is in it.
if (process.env.FIREBREAK_KEEP_COMPILED === '1') {
  process.once('exit', () => writeFileSync(cache, script.createCachedData()));
}
