// The directions of ARCHITECTURE.md, held in CI.
const PURE =
  '^lib/(policy|truck|packet|lab/shadow|lab/greengrass/recipes|lab/cloud/account/query)/|^lib/fleet/names.ts$';
const only = (name, from, to, comment) => ({ name, comment, severity: 'error', from: { path: from }, to });
module.exports = {
  forbidden: [
    only('no-circles', '', { circular: true }, 'what needs each other belongs together'),
    only(
      'policy-knows-nobody',
      '^lib/policy/',
      { path: '^(bin|components|test|lib/(?!policy/))' },
      'the policy is the ground floor',
    ),
    only(
      'truck-knows-policy-and-packet',
      '^lib/truck/',
      { path: '^(bin|components|test|lib/(?!policy/|truck/|packet/))' },
      'the truck network follows from the policy alone',
    ),
    only('packet-knows-nobody', '^lib/packet/', { path: '^(bin|components|test|lib/(?!packet/))' }, 'frames are bytes'),
    only(
      'shadow-knows-policy-and-truck',
      '^lib/shadow/',
      { path: '^(bin|components|test|lib/(?!policy/|truck/|shadow/))' },
      'truck and cloud exchange what policy and truck network say, in words of their own',
    ),
    only(
      'pure-rooms-do-nothing',
      PURE,
      { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|util)$' },
      'no process, socket, file or clock: what is pure runs in cloud, truck, browser and tests alike',
    ),
    only(
      'words-are-pure-and-compressed',
      '^lib/shadow/',
      { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|zlib)$' },
      'what is exchanged is hashed and packed, and nothing else is done',
    ),
    only(
      'components-know-truck-policy-and-shadow',
      '^components/',
      { path: '^(bin|test|lib/(?!policy/|truck/|packet/|shadow/))' },
      'what is shipped to trucks needs neither cloud, lab nor command line',
    ),
    only(
      'host-knows-no-component',
      '^components/host/',
      { path: '^components/(?!host/)' },
      'adapters serve every component',
    ),
    only(
      'only-host-starts-processes-in-components',
      '^components/(?!host/|router/)',
      { path: '^(node:)?(child_process|net|dgram|http|https|tls)$|^node_modules/(execa|koffi)/' },
      'effects live at the rim, in components/host',
    ),
    only(
      'shadow-knows-nobody',
      '^lib/lab/shadow/',
      { path: '^(bin|components|test|lib/(?!lab/shadow/))' },
      'what a shadow does is the same in cloud and truck',
    ),
    only(
      'nobody-uses-the-lab-but-cli-bench-and-tests',
      '^(bin|components|lib/(?!lab/|cli/))',
      { path: '^lib/lab/' },
      'the lab is no part of the product',
    ),
    only(
      'nobody-uses-the-cli-but-bin-and-tests',
      '^(components|lib/(?!cli/))',
      { path: '^lib/cli/' },
      'the command line is a door',
    ),
    only(
      'nobody-uses-the-bench-but-its-tests',
      '^(bin|components|lib)/',
      { path: '^bench/' },
      'the bench measures the product, which knows nothing of it',
    ),
    only(
      'nobody-uses-artifacts-but-the-build',
      '^(bin|components|bench|lib/(?!artifacts/))',
      { path: '^lib/artifacts/' },
      'what is shipped does not know how it is packed',
    ),
    only(
      'fleet-knows-policy-and-shadow',
      '^lib/fleet/',
      { path: '^(bin|components|test|lib/(?!policy/|truck/|shadow/|fleet/))' },
      'fleet names components by path, never by import',
    ),
    only(
      'of-the-fleet-only-names-and-versions-are-known',
      '^(components|bench|lib/(?!fleet/))',
      { path: '^lib/fleet/(?!(names|versions)\\.ts$)' },
      'command line and lab agree with the stacks on names and versions, and on nothing else',
    ),
    only(
      'nobody-uses-tests',
      '^(bin|components|lib|bench)/',
      { path: '^test/' },
      'tests use the house, not the other way round',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
};
