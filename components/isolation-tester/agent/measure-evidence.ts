import { readFile } from 'node:fs/promises';
import { parsePolicy } from '../../../lib/policy/index.ts';
import {
  type EvidencePart,
  evidenceParts,
  type IsolationReported,
  isolationReported,
} from '../../../lib/shadow/index.ts';
import type { Surroundings } from '../../host/surroundings.ts';
import { testBypasses } from '../bypass-test.ts';
import { dropsNow } from '../drops.ts';
import { testIsolation } from '../isolation-test.ts';
import type { Agents } from '../vantages.ts';

export interface MeasureQuestion {
  readonly document: string;
  /** Also the ways round the isolation that disturb nobody. */
  readonly bypasses: boolean;
  readonly thing: string;
  /** Until the next measurement. */
  readonly everyMs: number;
}

export interface MeasureAnswer {
  readonly reported: IsolationReported;
  readonly parts: readonly EvidencePart[];
}

/** Measures what the policy promises; gives what is reported of it, and the whole as evidence in parts. @throws Error */
export async function measureEvidence(
  { document, bypasses, thing, everyMs }: MeasureQuestion,
  { docker, agentsFile, version }: Surroundings,
): Promise<MeasureAnswer> {
  const { policy } = parsePolicy(document);
  if (policy === undefined) throw new Error('what is to be measured is no policy');
  const agents = agentsFile === null ? {} : (JSON.parse(await readFile(agentsFile, 'utf8')) as Agents);
  const test = await testIsolation({ policy, docker, agents });
  const tried = bypasses ? await testBypasses({ policy, docker, agents, disturb: false }) : undefined;
  const { matrix, vantages, durationMs } = test;
  const { revision } = policy;
  const measuredAt = Date.now();
  const ways = tried === undefined ? {} : { bypasses: tried };
  const at = new Date(measuredAt).toISOString();
  const parts = evidenceParts({ thing, revision, at, matrix, vantages, durationMs, ...ways });
  const [first] = parts;
  const reported = isolationReported({
    revision,
    matrix,
    ...ways,
    drops: await dropsNow(policy, docker),
    measuredAt,
    nextAt: measuredAt + everyMs,
    ...(first === undefined ? {} : { evidence: { sha256: first.sha256, parts: first.parts } }),
    agent: version,
  });
  return { reported, parts };
}
