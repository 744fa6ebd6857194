import { RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnDeployment } from 'aws-cdk-lib/aws-greengrassv2';
import type { Construct } from 'constructs';
import type { Stage } from '../config/read-stage.ts';
import type { RingSettings } from '../config/schema.ts';
import { groupArn } from '../identity/truck-groups.ts';
import { prefixOf, type Ring, ringGroup, roleAlias } from '../names.ts';
import { deployedComponents } from './deployed-components.ts';

export interface RingStackProps extends StackProps {
  readonly stage: Stage;
  readonly ring: Ring;
  /** Versions of our components as they were built. */
  readonly built: Readonly<Record<string, string>>;
}

/**
 * One ring's deployment, a stack of its own: `cdk deploy` of it is the promotion of a release to that ring, and the others stay with theirs. A deployment can't
 * be changed: whatever differs makes a new one, which takes the place of the former on the trucks.
 */
export class RingStack extends Stack {
  constructor(scope: Construct, id: string, { stage, ring, built, ...props }: RingStackProps) {
    super(scope, id, { description: `Firebreak: what the trucks of the ring ${ring} run`, ...props });
    const settings = stage.rings[ring];
    const deployment = new CfnDeployment(this, 'Deployment', {
      deploymentName: `${prefixOf(stage.name)}-${ring}`,
      targetArn: groupArn(this, ringGroup(stage.name, ring)),
      components: {
        ...deployedComponents({
          versions: settings.release ?? built,
          roleAlias: roleAlias(stage.name),
          region: this.region,
          baseline: stage.baselinePolicy,
          confirmWithinSeconds: stage.confirmWithinSeconds,
          tunnels: stage.tunnels,
        }),
      },
      deploymentPolicies: {
        failureHandlingPolicy: 'ROLLBACK',
        componentUpdatePolicy: { action: 'NOTIFY_COMPONENTS', timeoutInSeconds: settings.deferSeconds },
        configurationValidationPolicy: { timeoutInSeconds: 60 },
      },
      iotJobConfiguration: pace(settings),
    });
    // To delete a deployment cancels it, and uninstalls nothing: the record of what was rolled out is kept instead.
    deployment.applyRemovalPolicy(RemovalPolicy.RETAIN);
  }
}

function pace(settings: RingSettings): CfnDeployment.DeploymentIoTJobConfigurationProperty {
  const { startPerMinute, mostPerMinute, increaseAfter, factor, abortPercent, abortAfter, timeoutMinutes } = settings;
  const abort = (failureType: 'FAILED' | 'TIMED_OUT') => ({
    action: 'CANCEL',
    failureType,
    minNumberOfExecutedThings: abortAfter,
    thresholdPercentage: abortPercent,
  });
  return {
    jobExecutionsRolloutConfig: {
      maximumPerMinute: mostPerMinute,
      exponentialRate: {
        baseRatePerMinute: startPerMinute,
        incrementFactor: factor,
        // aws-cdk-lib passes this map on as it is, so its key is CloudFormation's.
        rateIncreaseCriteria: { NumberOfSucceededThings: increaseAfter },
      },
    },
    abortConfig: { criteriaList: [abort('FAILED'), abort('TIMED_OUT')] },
    timeoutConfig: { inProgressTimeoutInMinutes: timeoutMinutes },
  };
}
