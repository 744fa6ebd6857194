import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { EXIT, ExitError } from '../../exit.ts';
import { print, printJson } from '../../output.ts';
import { jsonOption } from '../../truck-options.ts';
import { installScript, NUCLEUS_VERSION } from './install-script.ts';

interface Options {
  readonly out?: string;
  readonly nucleusVersion: string;
  readonly json: boolean;
}

export function truckInstallCommand(): Command {
  return new Command('install')
    .description(
      'the script that makes a computer a truck: checks system, 64 bit and Docker, and installs Greengrass; run again it changes nothing',
    )
    .option('--out <file>', 'write it there, executable; without it, it is printed')
    .addOption(
      new Option('--nucleus-version <version>', 'of the Greengrass nucleus that it begins with')
        .argParser(version)
        .default(NUCLEUS_VERSION),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  firebreak fleet truck install --out install.sh\n  firebreak fleet truck install --nucleus-version 2.14.0',
    )
    .action(async ({ out, nucleusVersion, json }: Options) => {
      const script = installScript({ nucleusVersion });
      if (out !== undefined) await write(out, script);
      if (json) printJson({ nucleusVersion, ...(out === undefined ? { script } : { file: out }) });
      else print(out === undefined ? script.trimEnd() : `written: ${out}; on the truck: sudo ${out} --check`);
    });
}

function version(text: string): string {
  if (/^\d+\.\d+\.\d+$/.test(text)) return text;
  throw new InvalidArgumentError('It has three numbers, such as 2.14.0.');
}

/** @throws ExitError */
async function write(file: string, script: string): Promise<void> {
  try {
    await writeFile(file, script, { mode: 0o755 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ExitError(EXIT.badInput, `${file} can't be written: ${why}`);
  }
}
