/** Why a request was rejected: an HTTP status, and AWS's own sentence (developer guide, "Device Shadow error messages"). */
export interface ShadowError {
  readonly code: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 500;
  readonly message: string;
}

const invalid = (message: string): ShadowError => ({ code: 400, message });

export const errors = {
  invalidJson: invalid('Invalid JSON'),
  missingState: invalid('Missing required node: state'),
  stateNotAnObject: invalid('State node must be an object'),
  desiredNotAnObject: invalid('Desired node must be an object'),
  reportedNotAnObject: invalid('Reported node must be an object'),
  invalidVersion: invalid('Invalid version'),
  invalidClientToken: invalid('Invalid clientToken'),
  tooDeep: invalid('JSON contains too many levels of nesting; maximum is 6'),
  invalidNode: invalid('State contains an invalid node'),
  invalidName: invalid,
  unauthorized: { code: 401, message: 'Unauthorized' },
  forbidden: { code: 403, message: 'Forbidden' },
  /** A classic shadow has no name; ShadowManager's word for it is taken. */
  notFound: (name: string | null): ShadowError => ({
    code: 404,
    message: `No shadow exists with name: ${name ?? 'Unnamed Shadow'}`,
  }),
  conflict: { code: 409, message: 'Version conflict' },
  tooLarge: { code: 413, message: 'The payload exceeds the maximum size allowed' },
  notUtf8: { code: 415, message: 'Unsupported documented encoding; supported encoding is UTF-8' },
  tooManyRequests: { code: 429, message: 'Too Many Requests' },
  internal: { code: 500, message: 'Internal service failure' },
} as const satisfies Record<string, ShadowError | ((of: never) => ShadowError)>;
