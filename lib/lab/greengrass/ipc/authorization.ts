import * as z from 'zod';
import { IpcError } from './error.ts';

/** Services whose operations need a permission, and how they read wildcards in a permission's resources. */
const SERVICES = {
  'aws.greengrass.ShadowManager': 'plain',
  'aws.greengrass.ipc.pubsub': 'mqtt',
  'aws.greengrass.ipc.mqttproxy': 'mqtt',
} as const;

export type Service = keyof typeof SERVICES;

/** `accessControl` of a component's configuration; what is malformed permits nothing. */
const Permission = z.object({ operations: z.array(z.string()).min(1), resources: z.array(z.string()).default([]) });

/**
 * May a component do this, by the `accessControl` of its configuration?
 * @param operation with its prefix, such as aws.greengrass#GetThingShadow
 */
export function isPermitted(accessControl: unknown, service: Service, operation: string, resource: string): boolean {
  const policies = z.record(z.string(), z.record(z.string(), z.unknown())).safeParse(accessControl);
  if (!policies.success) return false;
  return Object.values(policies.data[service] ?? {}).some((policy) => {
    const permission = Permission.safeParse(policy);
    if (!permission.success) return false;
    const { operations, resources } = permission.data;
    if (!operations.includes(operation) && !operations.includes('*')) return false;
    return resources.some((pattern) => matchesResource(pattern, resource, SERVICES[service]));
  });
}

/** @throws IpcError in the nucleus' words */
export function requirePermission(
  accessControl: unknown,
  component: string,
  service: Service,
  operation: string,
  resource: string,
): void {
  const fullName = `aws.greengrass#${operation}`;
  if (isPermitted(accessControl, service, fullName, resource)) return;
  const what = `${service}:${fullName} on resource ${resource}`;
  throw new IpcError('UnauthorizedError', `Principal ${component} is not authorized to perform ${what}`);
}

/**
 * `*` stands for any characters, everywhere. `+` (one whole level) and `#` (all further ones, at the end) count only for topics, and
 * elsewhere in a level they are themselves. `${*}` is a star, `${+}` a plus (nucleus 2.6 and later).
 */
export function matchesResource(pattern: string, resource: string, wildcards: 'plain' | 'mqtt'): boolean {
  return toExpression(pattern, wildcards === 'mqtt').test(resource);
}

function toExpression(pattern: string, mqtt: boolean): RegExp {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at);
    const escaped = /^\$\{(.)\}/s.exec(rest);
    const startsLevel = at === 0 || pattern[at - 1] === '/';
    if (escaped?.[1] !== undefined) {
      source += quote(escaped[1]);
      at += 3;
    } else if (rest.startsWith('*')) source += '.*';
    else if (mqtt && rest === '/#') {
      source += '(/.*)?';
      at += 1;
    } else if (mqtt && rest === '#' && startsLevel) source += '.*';
    else if (mqtt && startsLevel && /^\+(\/|$)/.test(rest)) source += '[^/]*';
    else source += quote(rest[0] ?? '');
  }
  return new RegExp(`^${source}$`, 's');
}

function quote(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
