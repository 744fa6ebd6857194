/** Why a request is refused, in the words of the service's API reference: HTTP status, the exception's name and its message. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

export const refusals = {
  invalid: (message: string) => new Refusal(400, 'InvalidRequestException', message),
  invalidQuery: (message: string) => new Refusal(400, 'InvalidQueryException', message),
  invalidAggregation: (message: string) => new Refusal(400, 'InvalidAggregationException', message),
  notFound: (what: string) => new Refusal(404, 'ResourceNotFoundException', `${what} not found`),
  alreadyExists: (what: string) => new Refusal(409, 'ResourceAlreadyExistsException', `${what} already exists`),
  versionConflict: (message: string) => new Refusal(409, 'VersionConflictException', message),
  conflict: (message: string) => new Refusal(409, 'ConflictException', message),
  /** Greengrass and DynamoDB call it so. */
  validation: (message: string) => new Refusal(400, 'ValidationException', message),
  /** DynamoDB's own status and sentence. */
  noTable: (name: string) =>
    new Refusal(400, 'ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`),
  conditionFailed: () => new Refusal(400, 'ConditionalCheckFailedException', 'The conditional request failed'),
  throttled: () => new Refusal(429, 'ThrottlingException', 'Rate exceeded'),
};
