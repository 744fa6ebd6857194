import * as z from 'zod';
import { errors, type ShadowError } from '../../../shadow/errors.ts';
import type { ShadowName } from '../../../shadow/names.ts';
import type { Answer } from '../../../shadow/shadow.ts';
import type { Operation } from '../../../shadow/topics.ts';
import { SHADOW_MANAGER, type ShadowManager } from '../../shadow-manager/shadow-manager.ts';
import { IpcError, type IpcErrorCode } from '../error.ts';
import { type Operations, unary } from '../operation.ts';
import { Blob, toBlob } from './blob.ts';
import type { Permissions } from './permissions.ts';

const Name = z.object({ thingName: z.string(), shadowName: z.string().nullish() });
const Update = Name.extend({ payload: Blob });
const List = z.object({
  thingName: z.string(),
  nextToken: z.string().nullish(),
  pageSize: z.number().int().min(1).max(100).nullish(),
});
const PAGE = 25;

/** GetThingShadow, UpdateThingShadow, DeleteThingShadow, ListNamedShadowsForThing. */
export function shadowOperations(manager: ShadowManager, permit: Permissions): Operations {
  const nameOf = ({ thingName, shadowName }: z.infer<typeof Name>): ShadowName => ({
    thing: thingName,
    shadow: shadowName == null || shadowName === '' ? null : shadowName,
  });
  /** Also on the local topics whoever may not do it is rejected. */
  const allow = (component: string, operation: string, name: ShadowName, told: Operation) => {
    const { thing, shadow } = name;
    try {
      const resource = `$aws/things/${thing}/shadow${shadow === null ? '' : `/name/${shadow}`}`;
      permit(component, SHADOW_MANAGER, operation, resource);
    } catch (error) {
      manager.refuse(name, told, errors.unauthorized);
      throw error;
    }
  };
  return {
    GetThingShadow: unary(Name, async (request, { component }) => {
      const name = nameOf(request);
      allow(component, 'GetThingShadow', name, 'get');
      return payloadOf(await manager.get(name), name);
    }),
    UpdateThingShadow: unary(Update, async (request, { component }) => {
      const name = nameOf(request);
      allow(component, 'UpdateThingShadow', name, 'update');
      return payloadOf(await manager.update(name, request.payload), name);
    }),
    DeleteThingShadow: unary(Name, async (request, { component }) => {
      const name = nameOf(request);
      allow(component, 'DeleteThingShadow', name, 'delete');
      // It says nothing but that it was done.
      payloadOf(await manager.delete(name), name);
      return { payload: '' };
    }),
    ListNamedShadowsForThing: unary(List, ({ thingName, nextToken, pageSize }, { component }) => {
      permit(component, SHADOW_MANAGER, 'ListNamedShadowsForThing', thingName);
      const from = nextToken == null ? 0 : readToken(nextToken, thingName);
      const all = manager.list(thingName);
      const to = from + (pageSize ?? PAGE);
      const more = to < all.length ? { nextToken: writeToken(to, thingName) } : {};
      return { results: all.slice(from, to), timestamp: Date.now() / 1000, ...more };
    }),
  };
}

function payloadOf(answer: Answer, name: ShadowName): { readonly payload: string } {
  if (answer.accepted) return { payload: toBlob(Buffer.from(JSON.stringify(answer.response))) };
  const { error } = answer;
  const resourceName = `${name.thing}/${name.shadow ?? ''}`;
  const details = codeOf(error) === 'ResourceNotFoundError' ? { resourceType: 'shadow', resourceName } : {};
  throw new IpcError(codeOf(error), error.message, details);
}

function codeOf({ code }: ShadowError): IpcErrorCode {
  switch (code) {
    case 401:
    case 403:
      return 'UnauthorizedError';
    case 404:
      return 'ResourceNotFoundError';
    case 409:
      return 'ConflictError';
    case 429:
    case 500:
      return 'ServiceError';
    case 400:
    case 413:
    case 415:
      return 'InvalidArgumentsError';
  }
}

function writeToken(from: number, thing: string): string {
  return Buffer.from(`${from}:${thing}`).toString('base64url');
}

function readToken(token: string, thing: string): number {
  const [from, of] = Buffer.from(token, 'base64url').toString().split(/:(.*)/s);
  if (from === undefined || !/^\d+$/.test(from) || of !== thing)
    throw new IpcError('InvalidArgumentsError', 'Invalid nextToken');
  return Number(from);
}
