import * as greengrasscoreipc from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc';
import { mendStreamClose } from '../../../../../components/host/ipc/stream-close.ts';

mendStreamClose();

export type Client = greengrasscoreipc.Client;

/** The official client, configured as it configures itself in a component: by the environment. */
export function newClient(socket: string, token: string): Client {
  const { SVCUID, AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT } = process.env;
  try {
    process.env.SVCUID = token;
    process.env.AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT = socket;
    return greengrasscoreipc.createClient();
  } finally {
    restore('SVCUID', SVCUID);
    restore('AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT', AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT);
  }
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** `_errorCode` and message of a modelled error; what the client says of another one. */
export async function faultOf(promise: Promise<unknown>): Promise<{ code?: string; message: string }> {
  const error = await promise.then(
    () => new Error('there was no error'),
    (reason: unknown) => reason,
  );
  const { serviceError, message } = error as Error & { serviceError?: { _errorCode?: string; message?: string } };
  if (serviceError?._errorCode === undefined) return { message };
  return { code: serviceError._errorCode, message: serviceError.message ?? '' };
}

/** A promise's outcome, unless it doesn't come in time: for the client, whose calls can hang. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | 'not in time'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'not in time'>((resolve) => {
    timer = setTimeout(() => resolve('not in time'), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
