import * as z from 'zod';
import type { UpdatePolicy } from '../../lifecycle/update-policy.ts';
import { IpcError } from '../error.ts';
import { type Operations, streaming, unary } from '../operation.ts';

const UpdateState = z.object({ state: z.enum(['RUNNING', 'ERRORED']) });
const SubscribeToComponentUpdates = z.object({});
const DeferComponentUpdate = z.object({
  deploymentId: z.string().nullish(),
  message: z.string().nullish(),
  recheckAfterMs: z.number().min(0).nullish(),
});

/** What a component says of itself. */
export type ReportState = (component: string, state: 'RUNNING' | 'ERRORED') => void;

/** UpdateState, SubscribeToComponentUpdates, DeferComponentUpdate. */
export function lifecycleOperations(report: ReportState, updates: UpdatePolicy): Operations {
  return {
    UpdateState: unary(UpdateState, ({ state }, { component }) => report(component, state)),
    SubscribeToComponentUpdates: streaming(SubscribeToComponentUpdates, (_, { component, send }) => ({
      answer: {},
      close: updates.listen(component, (event) => send({ name: 'ComponentUpdatePolicyEvents', value: event })),
    })),
    DeferComponentUpdate: unary(DeferComponentUpdate, ({ recheckAfterMs }, { component }) => {
      if (!updates.isListening(component)) {
        throw new IpcError('InvalidArgumentsError', 'Component is not subscribed to component update events');
      }
      if (!updates.defer({ component, recheckAfterMs: recheckAfterMs ?? 0 })) {
        throw new IpcError('ServiceError', 'Time limit to respond to PreComponentUpdateEvent exceeded');
      }
    }),
  };
}
