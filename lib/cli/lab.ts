import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Command } from 'commander';
import { type LabKernel, prepareLab } from '../lab/kernel.ts';
import { Lab } from '../lab/lab.ts';
import { ROUTER } from '../truck/network.ts';
import { EXIT, ExitError } from './exit.ts';
import { interruptible } from './interrupt.ts';
import { labCloudCommand } from './lab-cloud.ts';
import { labFleetCommand } from './lab-fleet.ts';
import {
  kernelOption,
  labOptions,
  nameOfKernel,
  nameOption,
  readLabPolicy,
  requireRoot,
  TAKEN_DOWN,
  upLab,
} from './lab-up.ts';
import { paint, print, printJson } from './output.ts';
import { Progress } from './progress.ts';
import { table } from './table.ts';
import { jsonOption } from './truck-options.ts';

export function labCommand(): Command {
  return new Command('lab')
    .description('the virtual truck: switch, devices, internet, Docker Engine, on a real kernel; needs root')
    .enablePositionalOptions()
    .addHelpText(
      'after',
      '\nExamples:\n  sudo firebreak lab up\n  sudo firebreak lab exec device1 -- ping -c1 10.0.1.3\n  sudo firebreak lab down',
    )
    .addCommand(prepare())
    .addCommand(up())
    .addCommand(status())
    .addCommand(exec())
    .addCommand(shell())
    .addCommand(reboot())
    .addCommand(labCloudCommand())
    .addCommand(labFleetCommand())
    .addCommand(down());
}

function prepare(): Command {
  return new Command('prepare')
    .description('install the Debian packages that a lab needs, after saying which; lab up does it too')
    .addOption(kernelOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak lab prepare')
    .action(async ({ kernel, json }: { readonly kernel: LabKernel; readonly json: boolean }) => {
      requireRoot();
      const progress = new Progress(json);
      const kind = await prepareLab({ kernel, onProgress: progress.say }).finally(progress.done);
      if (json) printJson({ kernel: kind });
      else print(`labs will run on ${nameOfKernel(kind)}`);
    });
}

function up(): Command {
  const command = new Command('up')
    .description(
      'bring the lab up, or plug the one that stands for another policy; the truck itself stays bare until an apply',
    )
    .argument('[policy]', 'whose switch, devices and internet to build', 'examples/article.yaml')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  sudo firebreak lab up\n  sudo firebreak lab up --name other examples/station.yaml',
    );
  for (const option of labOptions()) command.addOption(option);
  return command.action(async (policy: string, options: Parameters<typeof upLab>[1] & { readonly json: boolean }) => {
    const text = await readLabPolicy(policy);
    const lab = await interruptible(TAKEN_DOWN, (interrupted) =>
      upLab(text, options, new Progress(options.json), interrupted),
    );
    if (options.json) printJson({ name: options.name, kernel: lab.machine.kind, nodes: lab.nodes });
    else print(`${paint('green', 'up')} on ${nameOfKernel(lab.machine.kind)}; nodes: ${lab.nodes.join(', ')}`);
  });
}

function status(): Command {
  return new Command('status')
    .description('is the lab up, and what is in it')
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak lab status')
    .action(async ({ name, json }: { readonly name: string; readonly json: boolean }) => {
      const lab = await Lab.find(name);
      if (lab === null) throw new ExitError(EXIT.failed, `there is no lab named ${name}`, { name, up: false });
      const containers = await lab.containers();
      const cloud = { up: await lab.cloud.isUp(), ...lab.cloud.endpoint };
      if (json)
        printJson({
          name,
          up: true,
          kernel: lab.machine.kind,
          revision: lab.policy.revision,
          nodes: lab.nodes,
          containers,
          cloud,
        });
      else {
        print(`lab ${name}: up, ${lab.machine.kind}, plugged for revision ${lab.policy.revision.id}`);
        print(cloud.up ? `cloud: up, MQTT ${cloud.host}:${cloud.mqtt}, REST ${cloud.https}` : 'cloud: down');
        print(
          table(
            ['node', 'state'],
            lab.nodes.map((node) => [node, containers[node] ?? (isContainer(lab, node) ? 'not there' : 'up')]),
          ),
        );
      }
    });
}

function reboot(): Command {
  return new Command('reboot')
    .description(
      "cut the truck's power and switch it on again: only what was on its disk is left; Firebreak is not started",
    )
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak lab reboot')
    .action(async ({ name, json }: { readonly name: string; readonly json: boolean }) => {
      const progress = new Progress(json);
      const lab = await Lab.reboot(name, progress.say).finally(progress.done);
      if (json) printJson({ name, nodes: lab.nodes });
      else print(`${paint('green', 'up')} again; nodes: ${lab.nodes.join(', ')}`);
    });
}

function isContainer({ policy }: Lab, node: string): boolean {
  return node === ROUTER || policy.nodes.some(({ kind, name }) => kind === 'container' && name === node);
}

function exec(): Command {
  return new Command('exec')
    .description('run a command at a node: truck, switch, internet, router, a device or a container')
    .passThroughOptions()
    .argument('<node>')
    .argument('<command...>', 'after --')
    .addOption(nameOption())
    .addHelpText(
      'after',
      '\nExamples:\n  sudo firebreak lab exec device1 -- ping -c1 10.0.1.3\n  sudo firebreak lab exec truck -- ip -j addr',
    )
    .action(async (node: string, command: readonly string[], { name }: { readonly name: string }) => {
      // Commander leaves the separator in place when options pass through.
      const argv = command[0] === '--' ? command.slice(1) : command;
      process.exitCode = await attach(await Lab.open(name), node, argv, false);
    });
}

function shell(): Command {
  return new Command('shell')
    .description('a shell at a node')
    .argument('<node>')
    .addOption(nameOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak lab shell router')
    .action(async (node: string, { name }: { readonly name: string }) => {
      process.exitCode = await attach(await Lab.open(name), node, ['sh'], process.stdin.isTTY === true);
    });
}

function down(): Command {
  return new Command('down')
    .description('remove the lab and everything it made')
    .addOption(nameOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  sudo firebreak lab down')
    .action(async ({ name, json }: { readonly name: string; readonly json: boolean }) => {
      await Lab.down(name);
      if (json) printJson({ name, up: false });
      else print(`lab ${name} is down`);
    });
}

/** The command with this process's own input and output; its exit code. */
async function attach(lab: Lab, node: string, command: readonly string[], tty: boolean): Promise<number> {
  const [file = '', ...args] = lab.interactive(node, command, tty);
  const child = spawn(file, args, { stdio: 'inherit' });
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return exitCode ?? EXIT.failed;
}
