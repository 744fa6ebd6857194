import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { print, remark } from '../../lib/cli/output.ts';
import { inEngine } from './engine.ts';
import type { Outcome } from './kill.ts';
import { inLab } from './lab.ts';
import {
  articleMutations,
  conversationMutations,
  inConversations,
  onCarelessTruck,
  publicMutations,
  type Run,
  stationMutations,
  termMutations,
} from './namespaces.ts';
import { REQUEST_MUTATIONS } from './requests.ts';
import { inRouterScript } from './router-script.ts';
import { SCRIPT_MUTATIONS } from './script.ts';
import { failures, outcomeLine, summary } from './show.ts';
import { SURVIVORS } from './survivors.ts';
import { survivorFor } from './verdict.ts';

interface Options {
  readonly only?: keyof typeof PARTS;
  readonly matching?: string;
  readonly json?: string;
}

const PARTS = {
  /** Two at a time, on two trucks that know nothing of each other. */
  netns: async (run: Run, isMeant: (mutation: { readonly name: string }) => boolean) => {
    await Promise.all([
      onCarelessTruck('article.yaml', articleMutations().filter(isMeant), run),
      (async () => {
        await onCarelessTruck('station.yaml', stationMutations().filter(isMeant), run);
        await onCarelessTruck('public addresses', publicMutations().filter(isMeant), run);
        await onCarelessTruck('flows with terms', termMutations().filter(isMeant), run);
        await inConversations(conversationMutations().filter(isMeant), run);
        await inRouterScript(SCRIPT_MUTATIONS.filter(isMeant), run);
      })(),
    ]);
  },
  /** A real Docker Engine on this machine’s kernel. */
  engine: (run: Run, isMeant: (mutation: { readonly name: string }) => boolean) =>
    inEngine(REQUEST_MUTATIONS.filter(isMeant), run),
  lab: inLab,
} as const;

/** Takes out of the truck one thing after the other that isolates it, and sees which test notices. */
async function mutate({ only, matching = '', json }: Options): Promise<void> {
  const outcomes: Outcome[] = [];
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => interrupted.abort(new Error(`interrupted by ${signal}`)));
  }
  const report = (outcome: Outcome) => {
    outcomes.push(outcome);
    remark(outcomeLine(outcome, SURVIVORS));
  };
  const begun = performance.now();
  const pattern = new RegExp(matching);
  for (const part of only === undefined ? (['netns', 'engine', 'lab'] as const) : [only]) {
    await PARTS[part]({ report, signal: interrupted.signal }, ({ name }) => pattern.test(name));
  }
  const seconds = Math.round((performance.now() - begun) / 1000);
  // Of a part nobody can say what is listed and isn't there any more.
  const listed = SURVIVORS.filter(
    (survivor) => matching === '' || outcomes.some((outcome) => survivorFor(outcome, [survivor]) !== undefined),
  );
  const wrong = failures(outcomes, listed);
  print(summary(outcomes, listed));
  print(`${seconds} s`);
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ seconds, wrong, outcomes }, null, 2)}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}

void new Command('mutations')
  .description('Takes out each rule, sysctl and option in turn and expects a named test to fail. Needs root.')
  .addOption(new Option('--only <part>', 'one of the parts').choices(Object.keys(PARTS)))
  .option('--matching <pattern>', 'only mutations whose name matches')
  .option('--json <file>', 'where the outcomes are written')
  .action(mutate)
  .parseAsync()
  .catch((error: unknown) => {
    remark(`mutations: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
