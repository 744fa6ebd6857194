import type { ShadowName } from '../shadow/names.ts';
import type { Operation } from '../shadow/topics.ts';

/** What a request to the data plane asks for (API reference, "AWS IoT data plane"). */
export type RestRequest =
  | { readonly kind: 'shadow'; readonly operation: Operation; readonly name: ShadowName }
  | { readonly kind: 'list'; readonly thing: string; readonly pageSize: number; readonly after: string }
  | { readonly kind: 'publish'; readonly topic: string; readonly qos: 0 | 1; readonly retain: boolean };

export interface RestRefusal {
  readonly status: number;
  readonly message: string;
}

const SHADOW_METHODS: Readonly<Record<string, Operation>> = { GET: 'get', POST: 'update', DELETE: 'delete' };
const DEFAULT_PAGE = 25;
const LARGEST_PAGE = 100;
const badRequest = (message: string): RestRefusal => ({ status: 400, message });

export function route(method: string, target: string): RestRequest | RestRefusal {
  const url = new URL(target, 'https://cloud');
  const parts = url.pathname.split('/').slice(1).map(decode);
  if (parts.some((part) => part === null)) return badRequest('Malformed path');
  const [first, second, third, fourth, ...rest] = parts as string[];
  if (first === 'things' && second !== undefined && third === 'shadow' && fourth === undefined) {
    const operation = SHADOW_METHODS[method];
    if (operation === undefined) return METHOD_NOT_ALLOWED;
    return { kind: 'shadow', operation, name: { thing: second, shadow: url.searchParams.get('name') } };
  }
  const list = first === 'api' && second === 'things' && third === 'shadow' && fourth === 'ListNamedShadowsForThing';
  if (list && rest[0] !== undefined && rest.length === 1) {
    return method === 'GET' ? listOf(rest[0], url.searchParams) : METHOD_NOT_ALLOWED;
  }
  if (first === 'topics' && second !== undefined) {
    return method === 'POST' ? publishTo(parts.slice(1).join('/'), url.searchParams) : METHOD_NOT_ALLOWED;
  }
  return { status: 404, message: 'Not Found' };
}

const METHOD_NOT_ALLOWED: RestRefusal = { status: 405, message: 'Method Not Allowed' };

function listOf(thing: string, query: URLSearchParams): RestRequest | RestRefusal {
  const pageSize = Number(query.get('pageSize') ?? DEFAULT_PAGE);
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > LARGEST_PAGE) return badRequest('Invalid pageSize');
  return { kind: 'list', thing, pageSize, after: Buffer.from(query.get('nextToken') ?? '', 'base64url').toString() };
}

/** The token for the page after this name. */
export function tokenOf(name: string): string {
  return Buffer.from(name).toString('base64url');
}

function publishTo(topic: string, query: URLSearchParams): RestRequest | RestRefusal {
  const qos = query.get('qos') ?? '0';
  if (qos !== '0' && qos !== '1') return badRequest('Invalid qos');
  if (topic === '' || /[+#\0]/.test(topic)) return badRequest('Invalid topic');
  return { kind: 'publish', topic, qos: qos === '1' ? 1 : 0, retain: query.get('retain') === 'true' };
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'InvalidRequestException',
  401: 'UnauthorizedException',
  403: 'ForbiddenException',
  404: 'ResourceNotFoundException',
  405: 'MethodNotAllowedException',
  409: 'ConflictException',
  413: 'RequestEntityTooLargeException',
  415: 'UnsupportedDocumentEncodingException',
  429: 'ThrottlingException',
};

/** What AWS's clients know the error by (the header x-amzn-ErrorType). */
export function errorType(status: number): string {
  return ERROR_TYPES[status] ?? 'InternalFailureException';
}
