import * as z from 'zod';

/** What a deployment document says of one component. */
const Deployed = z.object({
  componentVersion: z.string(),
  configurationUpdate: z
    .object({
      reset: z.array(z.string()).optional(),
      /** The service has it as JSON text, a document on disk may have it as it is. */
      merge: z.union([z.string().transform(parseJson), z.record(z.string(), z.unknown())]).optional(),
    })
    .optional(),
});

/** A deployment, with the words of `aws greengrassv2 create-deployment`. */
export const DeploymentDocument = z.object({
  deploymentId: z.string().optional(),
  components: z.record(z.string(), Deployed),
  deploymentPolicies: z
    .object({
      failureHandlingPolicy: z.enum(['ROLLBACK', 'DO_NOTHING']).optional(),
      componentUpdatePolicy: z
        .object({
          /** For how long components may think about it, in seconds. */
          timeoutInSeconds: z.number().optional(),
          action: z.enum(['NOTIFY_COMPONENTS', 'SKIP_NOTIFY_COMPONENTS']).optional(),
        })
        .optional(),
    })
    .optional(),
});
export type DeploymentDocument = z.infer<typeof DeploymentDocument>;
export type Deployed = z.infer<typeof Deployed>;

function parseJson(text: string, context: z.RefinementCtx): Record<string, unknown> {
  try {
    const parsed = z.record(z.string(), z.unknown()).safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // It is told below.
  }
  context.addIssue({ code: 'custom', message: 'a map as JSON text' });
  return z.NEVER;
}
