import { Command } from 'commander';
import type { Credentials } from '../lab/cloud/certificates.ts';
import { Lab } from '../lab/lab.ts';
import { nameOption } from './lab-up.ts';
import { paint, print, printJson } from './output.ts';
import { Progress } from './progress.ts';
import { table } from './table.ts';
import { jsonOption } from './truck-options.ts';

interface Options {
  readonly name: string;
  readonly json: boolean;
}

export function labCloudCommand(): Command {
  return new Command('cloud')
    .description(
      "AWS's stand-in, in the lab's internet: MQTT broker, device shadows, and the account that a fleet lives in",
    )
    .addHelpText('after', '\nExample:\n  sudo firebreak lab cloud up --thing truck-1')
    .addCommand(up())
    .addCommand(down())
    .addCommand(kill());
}

function up(): Command {
  return new Command('up')
    .description('start it, with the shadows that it had, and give certificates to things')
    .option('--thing <name...>', 'a thing that gets a certificate', ['truck'])
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  sudo firebreak lab cloud up\n  sudo firebreak lab cloud up --thing truck-1 --json',
    )
    .action(async ({ thing: names, name, json }: Options & { readonly thing: readonly string[] }) => {
      const { cloud } = await Lab.open(name);
      const progress = new Progress(json);
      progress.say("the lab's cloud");
      const things: Record<string, Credentials> = {};
      try {
        await cloud.start();
        for (const thing of names) things[thing] = await cloud.issue(thing);
      } finally {
        progress.done();
      }
      const { endpoint, operator } = cloud;
      if (json) printJson({ name, up: true, endpoint, operator, things });
      else {
        print(
          `${paint('green', 'up')}: MQTT ${endpoint.host}:${endpoint.mqtt}, REST ${endpoint.https}; files in the lab's machine:`,
        );
        const all = Object.entries({ operator, ...things });
        print(
          table(
            ['who', 'certificate', 'key'],
            all.map(([who, { certificate, key }]) => [who, certificate, key]),
          ),
        );
        print(`authority: ${operator.ca}`);
      }
    });
}

function down(): Command {
  return new Command('down')
    .description('end it in good order; its shadows stay as long as the lab')
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak lab cloud down')
    .action(async ({ name, json }: Options) => {
      await (await Lab.open(name)).cloud.stop();
      if (json) printJson({ name, up: false });
      else print('the cloud is down');
    });
}

function kill(): Command {
  return new Command('kill')
    .description('end it as kill -9 does, as if the cloud were gone at once')
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak lab cloud kill')
    .action(async ({ name, json }: Options) => {
      await (await Lab.open(name)).cloud.kill();
      if (json) printJson({ name, up: false });
      else print('the cloud was killed');
    });
}
