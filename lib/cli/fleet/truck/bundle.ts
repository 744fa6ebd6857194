import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { provisioningTemplate, roleAlias } from '../../../fleet/names.ts';
import type { Claim, FleetEndpoints } from '../cloud.ts';
import { installScript, NUCLEUS_VERSION } from './install-script.ts';

const ROOT = '/greengrass/v2';

/** Greengrass's first configuration, as its fleet provisioning plugin takes it: YAML. Pure. */
export function provisioningConfiguration(
  serial: string,
  stage: string,
  { region, data, credentials }: FleetEndpoints,
): string {
  return stringify({
    services: {
      'aws.greengrass.Nucleus': { version: NUCLEUS_VERSION },
      'aws.greengrass.FleetProvisioningByClaim': {
        configuration: {
          rootPath: ROOT,
          awsRegion: region,
          iotDataEndpoint: data,
          iotCredentialEndpoint: credentials,
          iotRoleAlias: roleAlias(stage),
          provisioningTemplate: provisioningTemplate(stage),
          claimCertificatePath: `${ROOT}/claim-certs/${CERTIFICATE}`,
          claimCertificatePrivateKeyPath: `${ROOT}/claim-certs/${KEY}`,
          rootCaPath: `${ROOT}/AmazonRootCA1.pem`,
          templateParameters: { SerialNumber: serial },
        },
      },
    },
  });
}

const CERTIFICATE = 'claim.pem.crt';
const KEY = 'claim.private.pem.key';

/** What a truck needs to provision itself, in a directory of its own. @returns the directory */
export async function writeBundle(
  out: string,
  serial: string,
  { stage, endpoints, claim }: { readonly stage: string; readonly endpoints: FleetEndpoints; readonly claim: Claim },
): Promise<string> {
  const place = join(out, serial);
  await mkdir(place, { recursive: true, mode: 0o700 });
  await writeFile(join(place, 'config.yaml'), provisioningConfiguration(serial, stage, endpoints));
  await writeClaim(place, claim);
  await writeFile(join(place, 'install.sh'), installScript({ nucleusVersion: NUCLEUS_VERSION }), { mode: 0o755 });
  return place;
}

/** @returns null: there is none. */
export async function readClaim(directory: string): Promise<Claim | null> {
  try {
    const read = (name: string) => readFile(join(directory, name), 'utf8');
    return { certificate: await read(CERTIFICATE), privateKey: await read(KEY) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** The key first: a certificate without it is of no use. */
export async function writeClaim(directory: string, { certificate, privateKey }: Claim): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeFile(join(directory, KEY), privateKey, { mode: 0o600 });
  await writeFile(join(directory, CERTIFICATE), certificate);
}
