import { Command } from 'commander';
import { testBypasses } from '../../components/isolation-tester/bypass-test.ts';
import { agentsOption, readAgents } from './agents.ts';
import { EXIT, ExitError } from './exit.ts';
import { print, printJson } from './output.ts';
import { readPolicy } from './read-policy.ts';
import { showBypasses } from './show-bypasses.ts';
import { jsonOption, openTruck, type TruckOptions, truckOptions } from './truck-options.ts';

interface Options extends TruckOptions {
  readonly agents?: string;
  readonly disturb: boolean;
  readonly json: boolean;
}

export function bypassesCommand(): Command {
  const command = new Command('bypasses')
    .description('try all ways round the isolation, with forged frames too; exit code 1 unless all are closed')
    .argument('<policy>', 'policy file, YAML or JSON; - for standard input')
    .option('--disturb', 'also what nodes would feel: claim the router’s address', false)
    .addOption(agentsOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  sudo firebreak bypasses examples/article.yaml\n  sudo firebreak bypasses --disturb --json examples/article.yaml',
    )
    .action(async (file: string, options: Options) => {
      const policy = await readPolicy(file);
      const { docker } = openTruck(options);
      const agents = await readAgents(options.agents);
      const test = await testBypasses({ policy, docker, agents, disturb: options.disturb });
      if (!options.json) print(showBypasses(test));
      if (test.verdict !== 'closed')
        throw new ExitError(EXIT.failed, `not proved closed: ${test.verdict}`, { ...test });
      if (options.json) printJson(test);
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}
