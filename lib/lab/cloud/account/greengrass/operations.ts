import * as z from 'zod';
import type { JsonObject } from '../../../shadow/json.ts';
import { type Account, arn, idOf } from '../account.ts';
import { cancel, checkTarget, executionsOf } from '../jobs/executions.ts';
import type { Job } from '../jobs/job.ts';
import type { RolloutPace } from '../jobs/pace.ts';
import { nextToken, operationsOf, paged, pageSize, seconds, tokenIn } from '../operation.ts';
import { refusals } from '../refusal.ts';
import type { Deployment } from './deployment.ts';

const operation = operationsOf(refusals.validation);
const TARGET = /^arn:[^:]*:iot:[^:]*:[0-9]*:(thing|thinggroup)\/(.+)$/;
const targetArn = z.string().regex(TARGET);
const Criterion = z.object({
  failureType: z.enum(['FAILED', 'REJECTED', 'TIMED_OUT', 'ALL']),
  action: z.literal('CANCEL'),
  thresholdPercentage: z.number().max(100),
  minNumberOfExecutedThings: z.int().min(1),
});
const perMinute = z.int().min(1).max(1000);
const atLeastOne = z.int().min(1);
const ExponentialRate = z.object({
  baseRatePerMinute: perMinute,
  incrementFactor: z.number().min(1).max(5),
  rateIncreaseCriteria: z.union([
    z.strictObject({ numberOfNotifiedThings: atLeastOne }),
    z.strictObject({ numberOfSucceededThings: atLeastOne }),
  ]),
});
const JobConfiguration = z.looseObject({
  abortConfig: z.object({ criteriaList: z.array(Criterion) }).optional(),
  jobExecutionsRolloutConfig: z
    .object({ maximumPerMinute: perMinute.optional(), exponentialRate: ExponentialRate.optional() })
    .optional(),
});

/** Deployments of Greengrass v2, as jobs (its API reference). */
export const greengrassOperations = [
  operation(
    'CreateDeployment',
    'POST /greengrass/v2/deployments',
    z.object({
      targetArn,
      deploymentName: z.string().min(1).max(256).optional(),
      components: z.record(z.string(), z.looseObject({ componentVersion: z.string().min(1).max(64) })).default({}),
      iotJobConfiguration: JobConfiguration.optional(),
      deploymentPolicies: z.looseObject({}).optional(),
      tags: z.record(z.string(), z.string()).optional(),
      clientToken: z.string().min(1).max(64).optional(),
    }),
    (input, { account, now }) => {
      const again = account.deployments.find(({ clientToken }) => clientToken && clientToken === input.clientToken);
      if (again !== undefined) return created(again);
      const target = targetOf(input.targetArn);
      checkTarget(account, target);
      const earlier = account.deployments.filter((deployment) => deployment.targetArn === input.targetArn);
      const id = idOf('deployment', input.targetArn, String(earlier.length));
      const job: Job = {
        ...{ id, target, createdAt: now(), status: 'IN_PROGRESS', executions: new Map() },
        ...{ notified: new Set(), paced: { at: now(), due: 1 } },
        criteria: input.iotJobConfiguration?.abortConfig?.criteriaList ?? [],
        pace: paceOf(input.iotJobConfiguration?.jobExecutionsRolloutConfig ?? {}),
        document: { deploymentId: id, targetArn: input.targetArn, components: input.components as JsonObject },
      };
      for (const old of earlier) if (old.status === 'ACTIVE') end(account, old, 'INACTIVE', 'SUPERSEDED', now());
      const { deploymentName, ...asked } = input;
      const deployment: Deployment = {
        ...asked,
        ...(deploymentName !== undefined && { name: deploymentName }),
        ...{ id, revisionId: String(earlier.length + 1), jobId: id, createdAt: now(), status: 'ACTIVE' },
      };
      account.jobs.set(id, job);
      account.deployments.push(deployment);
      return created(deployment);
    },
  ),
  operation(
    'GetDeployment',
    'GET /greengrass/v2/deployments/{deploymentId}',
    z.object({ deploymentId: z.string().min(1) }),
    ({ deploymentId }, { account }) => {
      const deployment = deploymentOf(account, deploymentId);
      const { components, iotJobConfiguration, deploymentPolicies, tags, jobId } = deployment;
      const job = { iotJobId: jobId, iotJobArn: arn('iot', `job/${jobId}`) };
      return { ...listed(account, deployment), ...job, components, iotJobConfiguration, deploymentPolicies, tags };
    },
  ),
  operation(
    'ListDeployments',
    'GET /greengrass/v2/deployments',
    z.object({
      targetArn: targetArn.optional(),
      historyFilter: z.enum(['ALL', 'LATEST_ONLY']).default('LATEST_ONLY'),
      ...{ maxResults: pageSize(100, 50), nextToken },
    }),
    (input, { account }) => {
      const wanted = account.deployments.filter(
        (deployment) =>
          (input.targetArn === undefined || deployment.targetArn === input.targetArn) &&
          (input.historyFilter === 'ALL' || isLatest(account, deployment)),
      );
      const sorted = wanted.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
      const page = paged(sorted, keyOf, { size: input.maxResults, token: input.nextToken }, refusals.validation);
      return { deployments: page.items.map((deployment) => listed(account, deployment)), ...tokenIn(page) };
    },
  ),
  operation(
    'CancelDeployment',
    'POST /greengrass/v2/deployments/{deploymentId}/cancel',
    z.object({ deploymentId: z.string().min(1) }),
    ({ deploymentId }, { account, now }) => {
      const deployment = deploymentOf(account, deploymentId);
      if (deployment.status !== 'ACTIVE')
        throw refusals.conflict(`Deployment ${deploymentId} is ${deployment.status} and can't be cancelled`);
      end(account, deployment, 'CANCELED', 'CANCELED_BY_USER', now());
      return { message: `Deployment ${deploymentId} was cancelled` };
    },
  ),
  operation(
    'ListEffectiveDeployments',
    'GET /greengrass/v2/coreDevices/{coreDeviceThingName}/effectiveDeployments',
    z.object({ coreDeviceThingName: z.string().min(1).max(128), maxResults: pageSize(100, 50), nextToken }),
    ({ coreDeviceThingName: name, maxResults, nextToken: token }, { account }) => {
      if (!account.things.has(name)) throw refusals.notFound(`Core device ${name}`);
      const all = account.deployments.flatMap((deployment) => {
        const job = account.jobs.get(deployment.jobId);
        const found = job && [...executionsOf(job, account)].find(({ thing }) => thing === name);
        return found === undefined ? [] : [{ deployment, found }];
      });
      const sorted = all.sort((a, b) => (keyOf(a.deployment) < keyOf(b.deployment) ? -1 : 1));
      const page = paged(sorted, (one) => keyOf(one.deployment), { size: maxResults, token }, refusals.validation);
      const effectiveDeployments = page.items.map(({ deployment, found }) => ({
        ...{ deploymentId: deployment.id, deploymentName: deployment.name, targetArn: deployment.targetArn },
        ...{ iotJobId: deployment.jobId, coreDeviceExecutionStatus: found.status },
        ...{ creationTimestamp: seconds(deployment.createdAt), modifiedTimestamp: seconds(found.updatedAt) },
      }));
      return { effectiveDeployments, ...tokenIn(page) };
    },
  ),
];

function paceOf({
  maximumPerMinute,
  exponentialRate: rate,
}: NonNullable<z.infer<typeof JobConfiguration>['jobExecutionsRolloutConfig']>): RolloutPace {
  const mostPerMinute = maximumPerMinute ?? null;
  if (rate === undefined) return { mostPerMinute };
  const criteria = rate.rateIncreaseCriteria;
  const growth =
    'numberOfNotifiedThings' in criteria
      ? ({ counted: 'notified', after: criteria.numberOfNotifiedThings } as const)
      : ({ counted: 'succeeded', after: criteria.numberOfSucceededThings } as const);
  return {
    mostPerMinute,
    exponential: { basePerMinute: rate.baseRatePerMinute, factor: rate.incrementFactor, ...growth },
  };
}

function targetOf(text: string): Job['target'] {
  const [, kind = '', name = ''] = TARGET.exec(text) ?? [];
  return { kind: kind as 'thing' | 'thinggroup', name };
}

function deploymentOf(account: Account, id: string): Deployment {
  const deployment = account.deployments.find((one) => one.id === id);
  if (deployment === undefined) throw refusals.notFound(`Deployment ${id}`);
  return deployment;
}

function end(account: Account, deployment: Deployment, status: Deployment['status'], why: string, at: number): void {
  account.deployments[account.deployments.indexOf(deployment)] = { ...deployment, status };
  const job = account.jobs.get(deployment.jobId);
  if (job?.status === 'IN_PROGRESS') cancel(job, account, why, at);
}

/** A job that gave itself up takes its deployment along. */
function statusOf(account: Account, { status, jobId }: Deployment): Deployment['status'] {
  return status === 'ACTIVE' && account.jobs.get(jobId)?.status === 'CANCELED' ? 'CANCELED' : status;
}

const keyOf = ({ targetArn: target, revisionId }: Deployment) => `${target} ${revisionId.padStart(9, '0')}`;
const isLatest = (account: Account, { targetArn: target, revisionId }: Deployment) =>
  !account.deployments.some((other) => other.targetArn === target && Number(other.revisionId) > Number(revisionId));
const created = ({ id, jobId }: Deployment) => ({
  ...{ deploymentId: id, iotJobId: jobId, iotJobArn: arn('iot', `job/${jobId}`) },
});
const listed = (account: Account, deployment: Deployment) => ({
  ...{ deploymentId: deployment.id, deploymentName: deployment.name, targetArn: deployment.targetArn },
  ...{ revisionId: deployment.revisionId, creationTimestamp: seconds(deployment.createdAt) },
  ...{ deploymentStatus: statusOf(account, deployment), isLatestForTarget: isLatest(account, deployment) },
});
