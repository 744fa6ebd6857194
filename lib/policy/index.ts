export { checkAgainstHost, type HostSubnet } from './checks/host.ts';
export { policyJsonSchema } from './json-schema.ts';
export { macOf } from './mac.ts';
export { type Merged, mergePolicy } from './merge.ts';
export { type Checked, checkDocument, type ParseOptions, parsePolicy } from './parse.ts';
export type * from './policy.ts';
export { hasErrors, type Problem } from './problems.ts';
export type { PolicyDocument, PolicyDocumentInput } from './schema.ts';
export { readYaml } from './yaml-text.ts';
