import { SHADOWS } from '../../shadow/index.ts';
import { AMAZON_VERSIONS } from '../versions.ts';

/** What a deployment says of one component, in CloudFormation's words. */
export interface DeployedComponent {
  readonly componentVersion: string;
  readonly configurationUpdate?: { readonly reset?: string[]; readonly merge: string };
}

export interface DeployedOptions {
  /** Versions of our own components. */
  readonly versions: Readonly<Record<string, string>>;
  readonly roleAlias: string;
  readonly region: string;
  /** The fleet's baseline policy. */
  readonly baseline: Readonly<Record<string, unknown>>;
  readonly confirmWithinSeconds: number;
  /** Whether trucks take secure tunnels. */
  readonly tunnels: boolean;
}

/** The component that is told the fleet's baseline. */
const NETWORK_MANAGER = 'com.firebreak.NetworkManager';

/** All that a truck runs: what is left out is removed from it. */
export function deployedComponents(options: DeployedOptions): Readonly<Record<string, DeployedComponent>> {
  const { versions, baseline, confirmWithinSeconds } = options;
  const own = Object.entries(versions).map(([name, version]): [string, DeployedComponent] => [
    name,
    name === NETWORK_MANAGER
      ? configured(version, { policy: baseline, confirmWithinSeconds }, ['/accessControl', '/policy'])
      : // New defaults never replace what a truck has: so what our recipes grant is set back to what they say now.
        configured(version, {}, ['/accessControl']),
  ]);
  return { ...Object.fromEntries(own), ...amazonComponents(options) };
}

function amazonComponents({
  versions,
  roleAlias,
  region,
  tunnels,
}: DeployedOptions): Record<string, DeployedComponent> {
  const amazon = (name: keyof typeof AMAZON_VERSIONS, merge: object) => ({
    [name]: configured(AMAZON_VERSIONS[name], merge),
  });
  const logged = Object.keys(versions).map((name) => [name, { minimumLogLevel: 'INFO', ...DISK }]);
  return {
    ...amazon('aws.greengrass.Nucleus', {
      iotRoleAlias: roleAlias,
      awsRegion: region,
      // Puts {iot:thingName} into our recipes' accessControl.
      interpolateComponentConfiguration: true,
    }),
    ...amazon('aws.greengrass.ShadowManager', {
      strategy: { type: 'realTime' },
      synchronize: { coreThing: { classic: false, namedShadows: [...SHADOWS] }, direction: 'betweenDeviceAndCloud' },
    }),
    ...amazon('aws.greengrass.LogManager', {
      logsUploaderConfiguration: {
        systemLogsConfiguration: { uploadToCloudWatch: 'true', minimumLogLevel: 'WARN', ...DISK },
        componentLogsConfigurationMap: Object.fromEntries(logged),
      },
      periodicUploadIntervalSec: '300',
    }),
    ...amazon('aws.greengrass.Cli', {}),
    ...(tunnels && amazon('aws.greengrass.SecureTunneling', {})),
  };
}

/** Of each log, on the truck. */
const DISK = { diskSpaceLimit: '10', diskSpaceLimitUnit: 'MB', deleteLogFileAfterCloudUpload: 'false' };

function configured(componentVersion: string, merge: object, reset?: string[]): DeployedComponent {
  if (Object.keys(merge).length === 0 && reset === undefined) return { componentVersion };
  return { componentVersion, configurationUpdate: { ...(reset && { reset }), merge: JSON.stringify(merge) } };
}
