/** What a thing asks of its jobs. */
export interface JobsRequest {
  readonly thing: string;
  readonly operation: 'start-next' | 'get' | 'update';
  /** Also `$next`; null for start-next. */
  readonly jobId: string | null;
}

/** The reserved topics of jobs (developer guide, "Jobs device MQTT API operations"). */
export const jobsTopic = (thing: string, suffix: string): string => `$aws/things/${thing}/jobs/${suffix}`;

/** Topic filters of what things ask; `+` stands for whoever asks. */
export const JOBS_REQUESTS = ['start-next', '+/get', '+/update'];

/** Which request is published here; null: none, for instance because it is an answer. */
export function parseJobsTopic(topic: string): JobsRequest | null {
  const [, thing, start, jobId, operation] =
    /^\$aws\/things\/([^/]+)\/jobs\/(?:(start-next)|([^/]+)\/(get|update))$/.exec(topic) ?? [];
  if (thing === undefined) return null;
  if (start !== undefined) return { thing, operation: 'start-next', jobId: null };
  return { thing, operation: operation as 'get' | 'update', jobId: jobId ?? '' };
}

/** The same as it was asked, for the answer's topic. */
export const requestSuffix = ({ operation, jobId }: JobsRequest): string =>
  jobId === null ? operation : `${jobId}/${operation}`;
