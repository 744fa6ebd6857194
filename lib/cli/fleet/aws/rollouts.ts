import {
  CancelDeploymentCommand,
  type ComponentDeploymentSpecification,
  CreateDeploymentCommand,
  GetDeploymentCommand,
  type GreengrassV2Client,
  ListDeploymentsCommand,
} from '@aws-sdk/client-greengrassv2';
import {
  DescribeJobCommand,
  DescribeThingGroupCommand,
  type IoTClient,
  JobExecutionStatus,
  paginateListJobExecutionsForJob,
} from '@aws-sdk/client-iot';
import { CloudError } from '../../truck/cloud.ts';
import { cloudErrorOf } from '../../truck/rest-shadows.ts';
import type { FleetRollouts, Rollout, RolloutCounts } from '../cloud.ts';
import { asked } from './index-search.ts';

const LARGEST_PAGE = 250;

/** Deployments of Greengrass v2 to thing groups, and the jobs that carry them. */
export function fleetRollouts(iot: IoTClient, greengrass: GreengrassV2Client): FleetRollouts {
  return {
    latest: async (group) => {
      const targetArn = await arnOf(iot, group);
      const { deployments = [] } = await asked(
        greengrass.send(new ListDeploymentsCommand({ targetArn, historyFilter: 'LATEST_ONLY' })),
      );
      const id = deployments.find(({ isLatestForTarget }) => isLatestForTarget !== false)?.deploymentId;
      return id === undefined ? null : get(greengrass, id);
    },
    get: (id) => get(greengrass, id),
    start: async (group, like, components, token) => {
      const { deploymentId } = await asked(
        greengrass.send(
          new CreateDeploymentCommand({
            ...(like.settings as object),
            ...{ targetArn: await arnOf(iot, group), deploymentName: like.name, clientToken: token },
            components: components as Record<string, ComponentDeploymentSpecification>,
          }),
        ),
      );
      if (deploymentId === undefined) throw new CloudError('refused', 'the cloud names no deployment');
      return deploymentId;
    },
    cancel: async (deploymentId) => {
      await asked(greengrass.send(new CancelDeploymentCommand({ deploymentId })));
    },
    counts: (jobId) => countsOf(iot, jobId),
    failed: (jobId) => failed(iot, jobId),
  };
}

async function arnOf(iot: IoTClient, thingGroupName: string): Promise<string> {
  const { thingGroupArn } = await asked(iot.send(new DescribeThingGroupCommand({ thingGroupName })));
  if (thingGroupArn === undefined) throw new CloudError('refused', `the cloud tells nothing of ${thingGroupName}`);
  return thingGroupArn;
}

async function get(greengrass: GreengrassV2Client, deploymentId: string): Promise<Rollout> {
  const found = await asked(greengrass.send(new GetDeploymentCommand({ deploymentId })));
  const { iotJobConfiguration, deploymentPolicies, tags } = found;
  return {
    ...{ id: deploymentId, jobId: found.iotJobId ?? '', status: found.deploymentStatus ?? '' },
    ...(found.deploymentName !== undefined && { name: found.deploymentName }),
    ...(found.creationTimestamp !== undefined && { createdAt: found.creationTimestamp.toISOString() }),
    components: (found.components ?? {}) as Rollout['components'],
    settings: { iotJobConfiguration, deploymentPolicies, tags },
  };
}

async function countsOf(iot: IoTClient, jobId: string): Promise<RolloutCounts> {
  const { job } = await asked(iot.send(new DescribeJobCommand({ jobId })));
  const details = job?.jobProcessDetails;
  return {
    isCancelled: job?.status === 'CANCELED' || job?.status === 'DELETION_IN_PROGRESS',
    ...(job?.reasonCode !== undefined && { reason: job.reasonCode }),
    queued: details?.numberOfQueuedThings ?? 0,
    inProgress: details?.numberOfInProgressThings ?? 0,
    succeeded: details?.numberOfSucceededThings ?? 0,
    failed: details?.numberOfFailedThings ?? 0,
    timedOut: details?.numberOfTimedOutThings ?? 0,
    rejected: details?.numberOfRejectedThings ?? 0,
    cancelled: (details?.numberOfCanceledThings ?? 0) + (details?.numberOfRemovedThings ?? 0),
  };
}

const FAILURES = [JobExecutionStatus.FAILED, JobExecutionStatus.TIMED_OUT, JobExecutionStatus.REJECTED];

async function* failed(iot: IoTClient, jobId: string): ReturnType<FleetRollouts['failed']> {
  try {
    for (const status of FAILURES) {
      const pages = paginateListJobExecutionsForJob({ client: iot, pageSize: LARGEST_PAGE }, { jobId, status });
      for await (const { executionSummaries = [] } of pages) {
        for (const { thingArn = '' } of executionSummaries)
          yield { thing: thingArn.replace(/^.*:thing\//, ''), status };
      }
    }
  } catch (error) {
    throw cloudErrorOf(error);
  }
}
