import { Command } from 'commander';
import { type IsolationTest, testIsolation } from '../../components/isolation-tester/isolation-test.ts';
import { agentsOption, readAgents } from './agents.ts';
import { EXIT, ExitError } from './exit.ts';
import { print, printJson } from './output.ts';
import { readPolicy } from './read-policy.ts';
import { showMatrix, tally } from './show-matrix.ts';
import { jsonOption, openTruck, type TruckOptions, truckOptions } from './truck-options.ts';

interface Options extends TruckOptions {
  readonly agents?: string;
  readonly json: boolean;
}

export function matrixCommand(): Command {
  const command = new Command('matrix')
    .description('measure what the policy promises: every pair, expected against observed; exit code 1 unless all hold')
    .argument('<policy>', 'policy file, YAML or JSON; - for standard input')
    .addOption(agentsOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak matrix examples/article.yaml')
    .action(async (file: string, options: Options) => {
      const policy = await readPolicy(file);
      const { docker } = openTruck(options);
      const agents = await readAgents(options.agents);
      const test = await testIsolation({ policy, docker, agents });
      if (!options.json) print(showMatrix(test.matrix, test.vantages));
      requireProof(test);
      if (options.json) printJson(test);
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}

/** @throws ExitError with the whole test, unless every expectation held. */
function requireProof(test: IsolationTest): void {
  const { verdict, counts } = test.matrix;
  if (verdict === 'isolated') return;
  throw new ExitError(EXIT.failed, `not proved isolated: ${tally(counts)}`, { ...test });
}
