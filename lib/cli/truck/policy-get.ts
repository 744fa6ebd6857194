import { Command } from 'commander';
import { stringify } from 'yaml';
import { isMap } from '../../policy/plain.ts';
import { MOST_POLICY_BYTES } from '../../shadow/limits.ts';
import { unpack } from '../../shadow/packed.ts';
import { EXIT, ExitError } from '../exit.ts';
import { print, printJson, remark } from '../output.ts';
import { jsonOption } from '../truck-options.ts';
import { type ConnectionOptions, connectionOptions, withCloud } from './connection.ts';
import { networkOf } from './reported.ts';
import { networkLines } from './show-truck.ts';

export function policyGetCommand(): Command {
  const command = new Command('get')
    .description(
      'the policy or patch that is desired of a truck, as a file that policy set takes; exit code 1 if there is none',
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  firebreak truck policy get --thing truck-7 --endpoint HOST --cert operator.pem --key operator.key > truck-7.yaml',
    )
    .action(async (options: ConnectionOptions & { readonly json: boolean }) => {
      const shadow = await withCloud(options, (cloud) => cloud.readShadow('network'));
      const { what, document } = wished(shadow?.desired);
      if (what === null) throw new ExitError(EXIT.failed, `nothing is desired of ${options.thing}`, { shadow });
      if (options.json) return printJson({ thing: options.thing, version: shadow?.version, [what]: document });
      for (const line of networkLines(networkOf(shadow))) remark(line);
      if (what === 'patch') remark("this is a patch on the fleet's baseline: policy set --patch takes it");
      print(stringify(document, { lineWidth: 0 }).trimEnd());
    });
  for (const option of connectionOptions()) command.addOption(option);
  return command;
}

/** @throws ExitError when it can't be unpacked */
function wished(desired: unknown): { readonly what: 'policy' | 'patch' | null; readonly document?: unknown } {
  if (!isMap(desired)) return { what: null };
  for (const what of ['policy', 'patch'] as const) {
    if (desired[what] !== undefined) return { what, document: desired[what] };
    const packed = desired[`${what}Gzip`];
    if (packed !== undefined) return { what, document: unpacked(packed) };
  }
  return { what: null };
}

function unpacked(packed: unknown): unknown {
  try {
    return unpack(String(packed), MOST_POLICY_BYTES);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ExitError(EXIT.failed, `what is desired can't be unpacked: ${why}`);
  }
}
