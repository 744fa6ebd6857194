import {
  type ComponentUpdatePolicyEvents,
  type ConfigurationUpdateEvents,
  ReportedLifecycleState,
} from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model';
import type { GreengrassIpc } from './greengrass-ipc.ts';
import { IpcError } from './ipc-error.ts';

/** This component's own configuration, as the deployment has it; none is an empty one. @throws IpcError */
export async function getConfiguration(ipc: GreengrassIpc): Promise<Readonly<Record<string, unknown>>> {
  try {
    // Without a key path the nucleus answers with an error; an empty one means all.
    const { value } = await ipc.call('GetConfiguration', (client) => client.getConfiguration({ keyPath: [] }));
    return (value ?? {}) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof IpcError && error.code === 'ResourceNotFoundError') return {};
    throw error;
  }
}

/** Calls when the configuration has changed, and when subscribing has begun (anew). */
export function onConfiguration(ipc: GreengrassIpc, called: () => void): void {
  ipc.subscribe<ConfigurationUpdateEvents>({
    operation: 'SubscribeToConfigurationUpdate',
    open: (client) => client.subscribeToConfigurationUpdate({ keyPath: [] }),
    heard: called,
    began: called,
  });
}

/** A number of the configuration's, which nucleus lite gives as text. @returns null for anything else */
export function numberIn(configuration: Readonly<Record<string, unknown>>, key: string): number | null {
  const value = configuration[key];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** @throws IpcError */
export async function updateState(ipc: GreengrassIpc, state: 'RUNNING' | 'ERRORED'): Promise<void> {
  await ipc.call('UpdateState', (client) => client.updateState({ state: ReportedLifecycleState[state] }));
}

/**
 * Answers what the nucleus asks before an update: whoever doesn't answer holds it up for a minute.
 * @param deferMs so long the update has to wait; 0: it may begin
 */
export function onUpdate(ipc: GreengrassIpc, deferMs: () => number, say: (event: string, why: string) => void): void {
  ipc.subscribe<ComponentUpdatePolicyEvents>({
    operation: 'SubscribeToComponentUpdates',
    open: (client) => client.subscribeToComponentUpdates({}),
    heard: ({ preUpdateEvent }) => {
      if (preUpdateEvent === undefined) return;
      const { deploymentId = '' } = preUpdateEvent;
      const request = { deploymentId, recheckAfterMs: deferMs(), message: 'a change of policy is under way' };
      ipc
        .call('DeferComponentUpdate', (client) => client.deferComponentUpdate(request))
        .catch((error: unknown) => say('update-not-answered', String(error)));
    },
  });
}
