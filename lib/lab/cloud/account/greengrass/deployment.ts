/** A deployment as it was asked for, and where it stands. Plain JSON. */
export interface Deployment {
  readonly id: string;
  readonly name?: string;
  readonly targetArn: string;
  /** Counts the deployments of a target. */
  readonly revisionId: string;
  readonly jobId: string;
  readonly components: Readonly<Record<string, unknown>>;
  readonly iotJobConfiguration?: unknown;
  readonly deploymentPolicies?: unknown;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly clientToken?: string | undefined;
  readonly createdAt: number;
  readonly status: 'ACTIVE' | 'CANCELED' | 'INACTIVE';
}
