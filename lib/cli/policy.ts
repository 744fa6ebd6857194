import { Command, Option } from 'commander';
import { effectiveFields } from '../policy/effective-fields.ts';
import { type Checked, type Policy, parsePolicy, policyJsonSchema } from '../policy/index.ts';
import { pathText } from '../policy/problems.ts';
import { compile } from '../truck/compile.ts';
import { expectations } from '../truck/expectations.ts';
import { compileForTruck, meaningOnTruck } from './compile-for-truck.ts';
import { EXIT } from './exit.ts';
import { paint, print, printJson, remark } from './output.ts';
import { readEffective, requirePolicy } from './read-effective.ts';
import { problemLine, readPolicy, readPolicyText } from './read-policy.ts';
import { showTruckNetwork } from './show.ts';
import { showEffective } from './show-effective.ts';
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

interface Options {
  readonly baseline?: string;
  readonly json: boolean;
}

const baselineOption = () =>
  new Option(
    '--baseline <policy>',
    "the fleet's baseline, of which the policy file is a truck's patch (JSON merge patch, RFC 7396)",
  );

function check(): Command {
  return new Command('check')
    .description('find everything that is wrong with a policy; exit code 2 if something is')
    .argument('<policy>', 'policy file, YAML or JSON; - for standard input')
    .addOption(baselineOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak policy check examples/article.yaml\n  firebreak policy check examples/truck-patch.yaml --baseline examples/fleet-baseline.yaml',
    )
    .action(async (file: string, { baseline, json }: Options) => {
      const { policy, problems } =
        baseline === undefined ? parsePolicy(await readPolicyText(file)) : await checkEffective(file, baseline);
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

async function checkEffective(file: string, baseline: string): Promise<Checked> {
  const { merged, problems } = await readEffective(file, baseline);
  return { ...(merged.policy && { policy: merged.policy }), problems };
}

function show(): Command {
  return new Command('show')
    .description('what a policy means: links, networks, rulesets, and every expectation with the rule that explains it')
    .argument('<policy>', 'policy file, YAML or JSON; - for standard input')
    .addOption(baselineOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak policy show examples/article.yaml\n  firebreak policy show examples/truck-patch.yaml --baseline examples/fleet-baseline.yaml',
    )
    .action(async (file: string, { baseline, json }: Options) => {
      if (baseline !== undefined) return showMerged(file, baseline, json);
      const policy = await readPolicy(file);
      if (json) printJson(meaningOf(policy));
      else printMeaning(policy);
    });
}

/** The effective policy with the origin of each field, then what it means. */
async function showMerged(file: string, baselineFile: string, json: boolean): Promise<void> {
  const effective = await readEffective(file, baselineFile);
  const policy = requirePolicy(effective, `${file} on ${baselineFile}`);
  const { baseline, merged, problems } = effective;
  const fields = effectiveFields(baseline, merged).map(({ path, ...field }) => ({ field: pathText(path), ...field }));
  if (json) printJson({ revision: policy.revision, policy: merged.document, fields, network: meaningOf(policy) });
  else {
    for (const problem of problems) remark(problemLine(problem));
    print(
      paint('bold', `Revision ${policy.revision.id}: + from ${file}, - removed by it, the rest from ${baselineFile}`),
    );
    print(showEffective(effectiveFields(baseline, merged)));
    print();
    printMeaning(policy);
  }
}

/** The truck network, and what is promised of it at this moment. */
const meaningOf = (policy: Policy) => ({
  ...compile(policy, { routerImage: 'firebreak-router' }),
  expectations: expectations(policy, Date.now()),
});

function printMeaning(policy: Policy): void {
  const { expectations: promised, ...network } = meaningOf(policy);
  print(showTruckNetwork(network, promised));
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
