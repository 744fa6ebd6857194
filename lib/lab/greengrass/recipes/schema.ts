import * as z from 'zod';

/**
 * The recipe's shape (AWS IoT Greengrass developer guide, "component recipe reference"; schema of aws-greengrass-component-common). The
 * nucleus reads keys in any case, the documents have one, and the service that stores recipes is not known to be as patient: so here only the
 * documented spelling counts, and unknown keys are refused.
 */

const Environment = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const Step = z.union([
  z.string(),
  z.strictObject({
    Script: z.string(),
    RequiresPrivilege: z.union([z.boolean(), z.string()]).optional(),
    Skipif: z.string().optional(),
    /** In seconds. */
    Timeout: z.union([z.number().int().positive(), z.string()]).optional(),
    Setenv: Environment.optional(),
    BootstrapOnRollback: z.boolean().optional(),
  }),
]);

const Lifecycle = z.strictObject({
  Setenv: Environment.optional(),
  bootstrap: Step.optional(),
  install: Step.optional(),
  startup: Step.optional(),
  run: Step.optional(),
  shutdown: Step.optional(),
  recover: Step.optional(),
});

const Access = z.enum(['NONE', 'OWNER', 'ALL']);

const Artifact = z.strictObject({
  // Both spellings occur in AWS's own documents.
  URI: z.string().min(1).optional(),
  Uri: z.string().min(1).optional(),
  Unarchive: z.enum(['NONE', 'ZIP']).optional(),
  Permission: z.strictObject({ Read: Access.optional(), Execute: Access.optional() }).optional(),
  Digest: z.string().optional(),
  Algorithm: z.string().optional(),
});

const Manifest = z.strictObject({
  Name: z.string().optional(),
  Platform: z.record(z.string(), z.string()).optional(),
  Lifecycle: Lifecycle.optional(),
  Selections: z.array(z.string()).optional(),
  Artifacts: z.array(Artifact).optional(),
});

export const Recipe = z.strictObject({
  RecipeFormatVersion: z.literal('2020-01-25'),
  ComponentName: z.string(),
  ComponentVersion: z.string(),
  ComponentDescription: z.string().optional(),
  ComponentPublisher: z.string().optional(),
  ComponentType: z
    .enum(['aws.greengrass.generic', 'aws.greengrass.lambda', 'aws.greengrass.plugin', 'aws.greengrass.nucleus'])
    .optional(),
  ComponentSource: z.string().optional(),
  ComponentConfiguration: z
    .strictObject({ DefaultConfiguration: z.record(z.string(), z.unknown()).optional() })
    .optional(),
  ComponentDependencies: z
    .record(
      z.string(),
      z.strictObject({ VersionRequirement: z.string(), DependencyType: z.enum(['HARD', 'SOFT']).optional() }),
    )
    .optional(),
  Manifests: z.array(Manifest).min(1),
  /** A lifecycle, or one for each selection. */
  Lifecycle: z.union([Lifecycle, z.record(z.string(), Lifecycle)]).optional(),
});

export type Recipe = z.infer<typeof Recipe>;
export type Manifest = z.infer<typeof Manifest>;
export type Artifact = z.infer<typeof Artifact>;
export type Lifecycle = z.infer<typeof Lifecycle>;
export type Step = z.infer<typeof Step>;

/** In the order in which a component can go through them. */
export const STEPS = ['bootstrap', 'install', 'startup', 'run', 'shutdown', 'recover'] as const;
