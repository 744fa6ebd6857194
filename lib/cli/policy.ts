import { Command } from 'commander';
import { parsePolicy, policyJsonSchema } from '../policy/index.ts';
import { compile } from '../truck/compile.ts';
import { compileForTruck, meaningOnTruck } from './compile-for-truck.ts';
import { EXIT } from './exit.ts';
import { paint, print, printJson, remark } from './output.ts';
import { problemLine, readPolicy, readPolicyText } from './read-policy.ts';
import { showTruckNetwork } from './show.ts';
import { jsonOption, type TruckOptions, truckOptions } from './truck-options.ts';

export function policyCommand(): Command {
  return new Command('policy')
    .description('look at policies; changes nothing')
    .addHelpText('after', '\nExample:\n  firebreak policy check examples/article.yaml')
    .addCommand(check())
    .addCommand(show())
    .addCommand(compileCommand())
    .addCommand(schema());
}

function check(): Command {
  return new Command('check')
    .description('find everything that is wrong with a policy; exit code 2 if something is')
    .argument('<policy>', 'policy file, YAML or JSON; - for standard input')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  firebreak policy check examples/article.yaml')
    .action(async (file: string, { json }: { readonly json: boolean }) => {
      const { policy, problems } = parsePolicy(await readPolicyText(file));
      if (policy === undefined) process.exitCode = EXIT.badInput;
      if (json) printJson({ valid: policy !== undefined, revision: policy?.revision ?? null, problems });
      else {
        for (const problem of problems) remark(problemLine(problem));
        print(
          policy === undefined ? paint('red', 'refused') : `${paint('green', 'valid')}, revision ${policy.revision.id}`,
        );
      }
    });
}

function show(): Command {
  return new Command('show')
    .description('what a policy means: links, networks, rulesets, and every expectation with the rule that explains it')
    .argument('<policy>', 'policy file, YAML or JSON; - for standard input')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  firebreak policy show examples/article.yaml')
    .action(async (file: string, { json }: { readonly json: boolean }) => {
      const policy = await readPolicy(file);
      const network = compile(policy, { routerImage: 'firebreak-router' });
      if (json) printJson(network);
      else print(showTruckNetwork(network));
    });
}

function compileCommand(): Command {
  const command = new Command('compile')
    .description('the truck network that a policy means on this very truck, always as JSON; what a watch works by')
    .argument('<policy>', 'policy file, YAML or JSON; - for standard input')
    .option('--check-host', 'refuse subnets that this machine is in already', false)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  firebreak policy compile examples/article.yaml')
    .action(async (file: string, options: TruckOptions & { readonly checkHost: boolean }) => {
      if (options.checkHost) {
        const { goal, mean } = await compileForTruck(file, options);
        printJson(await mean(goal.document));
      } else printJson(await (await meaningOnTruck(options))(await readPolicyText(file)));
    });
  for (const option of truckOptions()) command.addOption(option);
  return command;
}

function schema(): Command {
  return new Command('schema')
    .description('the JSON Schema of a policy, for editors')
    .addHelpText('after', '\nExample:\n  firebreak policy schema > policy.schema.json')
    .action(() => printJson(policyJsonSchema()));
}
