// The fast tests (test/lib, test/components, test/bench, the pure of test/mutations) and the lab tests (test/lab) are two projects: the second needs root and a booted lab.
const swc = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
  module: { type: 'commonjs' },
};
const common = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: { '\\.[cm]?[jt]s$': ['@swc/jest', swc] },
  // Jest 30 on Node 20 loads no ESM: everything that ships only ESM is transformed like our own code.
  transformIgnorePatterns: [
    '/node_modules/(?!(execa|@sindresorhus|@sec-ant|figures|get-stream|human-signals|is-plain-obj|is-stream|is-unicode-supported|npm-run-path|path-key|parse-ms|pretty-ms|strip-final-newline|unicorn-magic|yoctocolors)/)',
  ],
};
// Its export map knows only ESM's conditions.
common.moduleNameMapper = { '^unicorn-magic$': '<rootDir>/node_modules/unicorn-magic/node.js' };
module.exports = {
  projects: [
    {
      ...common,
      displayName: 'fast',
      testMatch: ['lib', 'components', 'bench', 'mutations'].map((room) => `<rootDir>/test/${room}/**/*.test.ts`),
    },
    {
      ...common,
      displayName: 'lab',
      testMatch: ['<rootDir>/test/lab/**/*.test.ts'],
      globalSetup: '<rootDir>/test/lab/setup.ts',
      globalTeardown: '<rootDir>/test/lab/teardown.ts',
    },
  ],
};
