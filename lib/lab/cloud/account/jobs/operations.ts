import * as z from 'zod';
import { type Account, arn } from '../account.ts';
import { nextToken, operationsOf, paged, pageSize, seconds, tokenIn } from '../operation.ts';
import { refusals } from '../refusal.ts';
import { EXECUTION_STATUSES } from './abort.ts';
import { countsOf, executionsOf } from './executions.ts';
import type { Job } from './job.ts';

const operation = operationsOf(refusals.invalid);
const jobId = z
  .string()
  .regex(/^[a-zA-Z0-9_-]+$/)
  .max(64);

/** Looking at the jobs that deployments made (API reference of AWS IoT). */
export const jobOperations = [
  operation('DescribeJob', 'GET /jobs/{jobId}', z.object({ jobId }), (input, { account }) => {
    const job = jobOf(account, input.jobId);
    const counts = countsOf(job, account);
    return {
      job: {
        ...{
          jobId: job.id,
          jobArn: arn('iot', `job/${job.id}`),
          status: job.status,
          createdAt: seconds(job.createdAt),
        },
        targets: [arn('iot', `${job.target.kind}/${job.target.name}`)],
        targetSelection: job.target.kind === 'thinggroup' ? 'CONTINUOUS' : 'SNAPSHOT',
        ...(job.reasonCode !== undefined && { reasonCode: job.reasonCode }),
        jobProcessDetails: {
          ...{ numberOfQueuedThings: counts.QUEUED, numberOfInProgressThings: counts.IN_PROGRESS },
          ...{ numberOfSucceededThings: counts.SUCCEEDED, numberOfFailedThings: counts.FAILED },
          ...{ numberOfTimedOutThings: counts.TIMED_OUT, numberOfRejectedThings: counts.REJECTED },
          ...{ numberOfRemovedThings: counts.REMOVED, numberOfCanceledThings: counts.CANCELED },
        },
      },
    };
  }),
  operation(
    'ListJobExecutionsForJob',
    'GET /jobs/{jobId}/things',
    z.object({ jobId, status: z.enum(EXECUTION_STATUSES).optional(), maxResults: pageSize(250, 25), nextToken }),
    (input, { account }) => {
      const job = jobOf(account, input.jobId);
      const wanted = [...executionsOf(job, account)].filter(
        ({ status }) => input.status === undefined || status === input.status,
      );
      const page = paged(wanted, ({ thing }) => thing, { size: input.maxResults, token: input.nextToken });
      const executionSummaries = page.items.map(({ thing, status, updatedAt }) => ({
        thingArn: arn('iot', `thing/${thing}`),
        jobExecutionSummary: {
          ...{ status, queuedAt: seconds(job.createdAt), lastUpdatedAt: seconds(updatedAt), executionNumber: 1 },
        },
      }));
      return { executionSummaries, ...tokenIn(page) };
    },
  ),
];

function jobOf(account: Account, id: string): Job {
  const job = account.jobs.get(id);
  if (job === undefined) throw refusals.notFound(`Job ${id}`);
  return job;
}
