export { checkAgainstHost, type HostSubnet } from './checks/host';
export { policyJsonSchema } from './json-schema';
export { macOf } from './mac';
export { type Checked, checkDocument, type ParseOptions, parsePolicy } from './parse';
export type * from './policy';
export { describeProblem, hasErrors, type Problem } from './problems';
export type { PolicyDocument, PolicyDocumentInput } from './schema';
