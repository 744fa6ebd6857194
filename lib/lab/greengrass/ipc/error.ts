/** The errors of the service model (aws.greengrass#GreengrassCoreIPC) that the operations served here know. */
export type IpcErrorCode =
  | 'UnauthorizedError'
  | 'ConflictError'
  | 'ResourceNotFoundError'
  | 'InvalidArgumentsError'
  | 'FailedUpdateConditionCheckError'
  | 'ServiceError';

/** An error that a client gets as such. */
export class IpcError extends Error {
  override readonly name = 'IpcError';
  readonly code: IpcErrorCode;
  readonly #details: Readonly<Record<string, string>>;

  /** @param details further members of the error's shape, such as resourceType */
  constructor(code: IpcErrorCode, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.#details = details;
  }

  /** As it goes over the wire. */
  get body(): Readonly<Record<string, string>> {
    const { message, code } = this;
    const service = 'aws.greengrass#GreengrassCoreIPC';
    return { ...this.#details, message, _message: message, _service: service, _errorCode: code };
  }
}
