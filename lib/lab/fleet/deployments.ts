import { RINGS, ringGroup } from '../../fleet/names.ts';
import type { Account } from '../cloud/account/account.ts';
import { LAB_STAGE } from '../cloud/account/furnish.ts';
import { groupArn, membersOf } from '../cloud/account/groups.ts';
import { AccountService } from '../cloud/account/service.ts';

/** How a rollout goes round in a local fleet: as quickly as AWS lets it, and given up when 4 in 100 fail. @param abortAfter so many must have tried */
const rolloutSettings = (abortAfter: number) => ({
  jobExecutionsRolloutConfig: { maximumPerMinute: 1000 },
  abortConfig: {
    criteriaList: [
      { failureType: 'FAILED', action: 'CANCEL', thresholdPercentage: 4, minNumberOfExecutedThings: abortAfter },
    ],
  },
});

/** Each ring's first deployment, as the fleet's stacks make it; its trucks were born with it. What is there stays. */
export async function deployFirst(
  account: Account,
  components: Readonly<Record<string, string>>,
  abortAfter: number,
): Promise<void> {
  const nothing = () => Promise.reject(new Error('a deployment needs no such thing'));
  const service = new AccountService({
    ...{ account, now: Date.now, host: '', shadowsOf: () => new Map() },
    newCertificate: nothing,
  });
  for (const ring of RINGS) {
    const group = ringGroup(LAB_STAGE, ring);
    const targetArn = groupArn(group);
    if (account.deployments.some((deployment) => deployment.targetArn === targetArn)) continue;
    const request = {
      ...{ targetArn, deploymentName: `ring ${ring}`, iotJobConfiguration: rolloutSettings(abortAfter) },
      components: Object.fromEntries(
        Object.entries(components).map(([name, componentVersion]) => [name, { componentVersion }]),
      ),
      deploymentPolicies: { failureHandlingPolicy: 'ROLLBACK' },
    };
    const payload = Buffer.from(JSON.stringify(request));
    const answer = await service.answer({ method: 'POST', target: '/greengrass/v2/deployments', payload });
    const made = account.deployments.findLast((deployment) => deployment.targetArn === targetArn);
    const job = account.jobs.get(made?.jobId ?? '');
    if (job === undefined) throw new Error(`no deployment for ring ${ring}: ${JSON.stringify(answer)}`);
    for (const thing of membersOf(account, group, true)) {
      job.notified.add(thing);
      job.executions.set(thing, { status: 'SUCCEEDED', updatedAt: job.createdAt });
    }
  }
}
