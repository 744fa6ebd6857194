import { Command } from 'commander';
import { EXIT, ExitError } from '../exit.ts';
import { paint, print, printJson } from '../output.ts';
import { Progress } from '../progress.ts';
import { table } from '../table.ts';
import { jsonOption } from '../truck-options.ts';
import { type Census, proved, takeCensus, type Verdicts } from './census.ts';
import { type FleetOptions, fleetOptions, withFleet } from './connection.ts';

export function fleetStatusCommand(): Command {
  const command = new Command('status')
    .description('how many trucks are proved isolated, by ring, revision and status; exit code 1 unless all are')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  firebreak fleet status\n  firebreak fleet status --json')
    .action(async (options: FleetOptions) => {
      const progress = new Progress(options.json);
      progress.say('the trucks are counted');
      const census = await withFleet(options, ({ index }) => takeCensus(index, options.stage, Date.now())).finally(
        progress.done,
      );
      if (!options.json) for (const line of lines(census)) print(line);
      // Nothing proved is nothing to be content with: most likely it is another stage.
      if (census.trucks === 0)
        throw new ExitError(EXIT.failed, `there are no trucks of stage ${options.stage}; --stage says which`, {
          ...census,
        });
      const unproved = census.trucks - proved(census);
      if (unproved > 0)
        throw new ExitError(EXIT.failed, `${unproved} of ${census.trucks} trucks are not proved isolated`, {
          ...census,
          proved: proved(census),
        });
      if (options.json) printJson({ ...census, proved: proved(census) });
    });
  for (const option of fleetOptions()) command.addOption(option);
  return command;
}

const VERDICTS = ['isolated', 'breached', 'outage', 'inconclusive', 'unmeasured'];

function* lines(census: Census): Iterable<string> {
  const { trucks, verdicts, silent, statuses, revisions, rings } = census;
  const all = proved(census);
  yield paint(all === trucks ? 'green' : 'red', `${all} of ${trucks} trucks are proved isolated`);
  if (silent > 0) yield `${silent} were isolated when they were last heard of, hours ago`;
  yield table(
    ['ring', 'trucks', ...VERDICTS],
    [
      ...rings.map((ring) => [ring.ring, String(ring.trucks), ...counts(ring.verdicts)]),
      ['all', String(trucks), ...counts(verdicts)],
    ],
  );
  yield tallyLine('policy', statuses);
  yield tallyLine('revision in force', revisions);
}

const counts = (verdicts: Verdicts) => VERDICTS.map((verdict) => String(verdicts[verdict] ?? 0));

const SHOWN = 8;
function tallyLine(what: string, tally: Readonly<Record<string, number>>): string {
  const entries = Object.entries(tally).map(([value, count]) => `${value} ${count}`);
  const more = entries.length > SHOWN ? [`and ${entries.length - SHOWN} more`] : [];
  return `${what}: ${[...entries.slice(0, SHOWN), ...more].join(', ')}`;
}
