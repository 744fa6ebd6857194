import * as z from 'zod';
import type { Configurations } from '../../configuration/configurations.ts';
import { isTree, mergeAt, valueAt } from '../../configuration/tree.ts';
import { IpcError } from '../error.ts';
import { type Operations, streaming, unary } from '../operation.ts';

const KeyPath = z
  .array(z.string())
  .nullish()
  .transform((path) => path ?? []);
const GetConfiguration = z.object({ componentName: z.string().nullish(), keyPath: KeyPath });
const UpdateConfiguration = z.object({ keyPath: KeyPath, timestamp: z.number(), valueToMerge: z.unknown() });
const SubscribeToConfigurationUpdate = GetConfiguration;

const NOT_FOUND = 'Key not found';
/** What a component may not grant itself. */
const RESTRICTED = 'accessControl';

/** GetConfiguration, UpdateConfiguration (only one's own), SubscribeToConfigurationUpdate. */
export function configurationOperations(configurations: Configurations): Operations {
  const times = new Map<string, number>();
  return {
    GetConfiguration: unary(GetConfiguration, ({ componentName, keyPath }, { component }) => {
      const name = componentName ?? component;
      const value = valueAt(configurations.get(name), keyPath);
      if (value === undefined) throw new IpcError('ResourceNotFoundError', NOT_FOUND);
      // A leaf comes in a map with its own name.
      return { componentName: name, value: isTree(value) ? value : { [keyPath.at(-1) ?? '']: value } };
    }),
    UpdateConfiguration: unary(UpdateConfiguration, async ({ keyPath, timestamp, valueToMerge }, { component }) => {
      const refused = (why: string) => new IpcError('InvalidArgumentsError', why);
      if (valueToMerge == null) throw refused('ValueToMerge is required');
      const isRestricted =
        keyPath.length === 0 ? isTree(valueToMerge) && RESTRICTED in valueToMerge : keyPath[0] === RESTRICTED;
      if (isRestricted) throw refused(`Config update is not allowed for following fields [${RESTRICTED}]`);
      const tree = configurations.get(component);
      if (tree === undefined) throw refused(`Component config not found for component ${component}`);
      const present = valueAt(tree, keyPath);
      if (!isTree(valueToMerge) && (isTree(present) || present === undefined)) throw refused('valueToMerge: a map');
      if (isTree(valueToMerge) && present !== undefined && !isTree(present)) {
        throw refused(`${keyPath.join('.')} is a value, not a map`);
      }
      // Of what was written through this operation; an older word doesn't count against a newer one.
      const key = JSON.stringify([component, ...keyPath]);
      if (timestamp < (times.get(key) ?? 0)) {
        const why = "Proposed timestamp is older than the config's latest modified timestamp";
        throw new IpcError('FailedUpdateConditionCheckError', why);
      }
      times.set(key, timestamp);
      await configurations.update(component, mergeAt(tree, keyPath, valueToMerge));
    }),
    SubscribeToConfigurationUpdate: streaming(
      SubscribeToConfigurationUpdate,
      ({ componentName, keyPath }, { component, send }) => {
        const name = componentName ?? component;
        if (valueAt(configurations.get(name), keyPath) === undefined) {
          throw new IpcError('ResourceNotFoundError', NOT_FOUND);
        }
        const close = configurations.listen(name, (path) => {
          if (!keyPath.every((part, index) => path[index] === part)) return;
          const configurationUpdateEvent = { componentName: name, keyPath: path };
          send({ name: 'ConfigurationUpdateEvents', value: { configurationUpdateEvent } });
        });
        return { answer: {}, close };
      },
    ),
  };
}
