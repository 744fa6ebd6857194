/**
 * Amazon's components, by the one version that is deployed: the only place that says them. A new truck installs this nucleus, and the lab's Greengrass
 * follows its and ShadowManager's behaviour. Docker's manager is not among them: the router's image comes as a file.
 */
export const AMAZON_VERSIONS = {
  'aws.greengrass.Nucleus': '2.14.0',
  'aws.greengrass.ShadowManager': '2.3.9',
  'aws.greengrass.LogManager': '2.3.9',
  'aws.greengrass.Cli': '2.14.0',
  'aws.greengrass.SecureTunneling': '1.0.19',
} as const;
