import { Command } from 'commander';
import { EXIT, ExitError } from '../exit.ts';
import { paint, print, printJson } from '../output.ts';
import { dropLines } from '../show-drops.ts';
import { jsonOption } from '../truck-options.ts';
import { type ConnectionOptions, connectionOptions, withCloud } from './connection.ts';
import { isolationOf } from './reported.ts';

export function truckDropsCommand(): Command {
  const command = new Command('drops')
    .description('why something does not work: what a truck has dropped most in the hour before it was last heard of')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  firebreak truck drops --thing truck-7 --endpoint HOST --cert operator.pem --key operator.key',
    )
    .action(async (options: ConnectionOptions & { readonly json: boolean }) => {
      const isolation = isolationOf(await withCloud(options, (cloud) => cloud.readShadow('isolation')));
      if (isolation === null) throw new ExitError(EXIT.failed, `${options.thing} has not reported its isolation yet`);
      const { drops = [], moreDrops, measuredAt, revision } = isolation;
      if (options.json) printJson({ thing: options.thing, revision, measuredAt, drops, moreDrops: moreDrops ?? 0 });
      else {
        for (const line of dropLines(drops, moreDrops)) print(line);
        print(paint('dim', `  revision ${revision.id}, as of ${measuredAt}`));
      }
    });
  for (const option of connectionOptions()) command.addOption(option);
  return command;
}
