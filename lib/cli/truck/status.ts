import { Command } from 'commander';
import { HEARTBEAT_MS, wishId } from '../../shadow/index.ts';
import { EXIT, ExitError } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { jsonOption } from '../truck-options.ts';
import type { Shadow } from './cloud.ts';
import { type ConnectionOptions, connectionOptions, withCloud } from './connection.ts';
import { type Isolation, isolationOf, type Network, networkOf } from './reported.ts';
import { isolationLines, networkLines } from './show-truck.ts';

export function truckStatusCommand(): Command {
  const command = new Command('status')
    .description('what a truck reports: policy, isolation, what is wrong; exit code 1 unless all is well')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  firebreak truck status --thing truck-7 --endpoint HOST --cert operator.pem --key operator.key',
    )
    .action(async (options: ConnectionOptions & { readonly json: boolean }) => {
      const [network, isolation] = await withCloud(
        options,
        async (cloud) => [await cloud.readShadow('network'), await cloud.readShadow('isolation')] as const,
      );
      const complaints = wrongWith(network, isolation, Date.now());
      if (!options.json) {
        for (const line of [...networkLines(networkOf(network)), ...isolationLines(isolationOf(isolation))])
          print(line);
      }
      if (complaints.length > 0)
        throw new ExitError(EXIT.failed, `${options.thing}: ${complaints.join('; ')}`, { network, isolation });
      if (options.json) printJson({ thing: options.thing, network, isolation });
    });
  for (const option of connectionOptions()) command.addOption(option);
  return command;
}

/** Why all is not well, in words; fails closed: what isn't reported isn't well. */
export function wrongWith(network: Shadow | null, isolation: Shadow | null, now: number): readonly string[] {
  const said = networkOf(network);
  const measured = isolationOf(isolation);
  if (said === null) return ['the truck has reported nothing yet'];
  return [...wrongNetwork(said, network), ...wrongIsolation(measured, said, now)];
}

function* wrongNetwork(said: Network, shadow: Shadow | null): Iterable<string> {
  const { status, desired } = said;
  if (status !== 'applied' && status !== 'no-policy') yield `its policy is ${status.replaceAll('-', ' ')}`;
  const wished = shadow?.desired === undefined ? undefined : wishId(shadow.desired);
  if (wished !== undefined && wished !== desired?.id) yield 'it has not taken notice yet of what is desired now';
}

function* wrongIsolation(measured: Isolation | null, { status, revision }: Network, now: number): Iterable<string> {
  if (status === 'no-policy') return;
  if (measured === null) return void (yield 'its isolation was not measured yet');
  if (measured.verdict !== 'isolated') yield `its isolation is ${measured.verdict}`;
  if (measured.revision.id !== revision?.id)
    yield `its isolation was measured for revision ${measured.revision.id}, which is not in force`;
  if (isOverdue(measured, now)) yield `nothing was heard of its isolation since ${measured.measuredAt}`;
}

/** The truck is away, or its tester is dead. What it measures is reported when it is news, and now and then all the same. */
function isOverdue({ measuredAt, nextAt }: Isolation, now: number): boolean {
  const measured = Date.parse(measuredAt);
  const interval = nextAt === undefined ? 0 : Date.parse(nextAt) - measured;
  return now > measured + HEARTBEAT_MS + 2 * interval;
}
