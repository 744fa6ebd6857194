import type { Service } from '../authorization.ts';

/** @throws IpcError UnauthorizedError, unless the component's `accessControl` permits it. */
export type Permissions = (component: string, service: Service, operation: string, resource: string) => void;
