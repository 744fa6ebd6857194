/**
 * Amazon's components, by the one version that is deployed: the only place that says them. The nucleus and ShadowManager are those whose
 * behaviour the lab's Greengrass follows. Docker's manager is not among them: the router's image comes as a file.
 */
export const AMAZON_VERSIONS = {
  'aws.greengrass.Nucleus': '2.14.0',
  'aws.greengrass.ShadowManager': '2.3.9',
  'aws.greengrass.LogManager': '2.3.9',
  'aws.greengrass.Cli': '2.14.0',
  'aws.greengrass.SecureTunneling': '1.0.19',
} as const;
