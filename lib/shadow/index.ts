export { type DesiredContext, type NetworkDesired, readDesired, type Wish, wishId } from './desired.ts';
export {
  assembleEvidence,
  type Evidence,
  type EvidencePart,
  evidenceParts,
  missingParts,
  readPart,
} from './evidence.ts';
export { type Collection, collect, NOTHING_COLLECTED } from './evidence-collection.ts';
export {
  type EvidenceReference,
  type Failing,
  type IsolationReported,
  type IsolationState,
  isolationReported,
  type Verdict,
  verdictOf,
} from './isolation-report.ts';
export { jsonBytes, SHADOW_BYTES } from './limits.ts';
export { echoTopic, evidenceTopic, SHADOWS, type ShadowName, shadowTopic } from './names.ts';
export { type NetworkReported, type NetworkState, type NetworkStatus, networkReported } from './network-report.ts';
export { type AccessControl, isolationTesterAccess, networkManagerAccess, truckStatements } from './permissions.ts';
export { replacing } from './replace.ts';
export {
  beginReport,
  endReport,
  HEARTBEAT_MS,
  REPORTING_PACE,
  type Report,
  type Reporting,
  type ReportingPace,
  report,
  reportDueAt,
  startReporting,
} from './reporting.ts';
export { type WishDraft, WishTooLargeError, type WrittenWish, writeWish } from './wish.ts';
