import * as z from 'zod';
import { arn } from './account.ts';
import { operationsOf, registryName } from './operation.ts';
import { refusals } from './refusal.ts';

const operation = operationsOf(refusals.invalid);
const boolean = z.preprocess((value) => (typeof value === 'string' ? value === 'true' : value), z.boolean());
const ENDPOINTS = ['iot:Data', 'iot:Data-ATS', 'iot:CredentialProvider', 'iot:Jobs'] as const;

/** Certificates and what they may; where the account's endpoints are (API reference of AWS IoT). */
export const certificateOperations = [
  operation(
    'CreateKeysAndCertificate',
    'POST /keys-and-certificate',
    z.object({ setAsActive: boolean.default(false) }),
    async ({ setAsActive }, { account, newCertificate }) => {
      const { id, pem, publicKey, privateKey } = await newCertificate();
      account.certificates.set(id, { id, pem, active: setAsActive, policies: [] });
      return {
        ...{ certificateArn: arn('iot', `cert/${id}`), certificateId: id, certificatePem: pem },
        keyPair: { PublicKey: publicKey, PrivateKey: privateKey },
      };
    },
  ),
  operation(
    'AttachPolicy',
    'PUT /target-policies/{policyName}',
    z.object({ policyName: registryName, target: z.string().min(1) }),
    ({ policyName, target }, { account }) => {
      if (!account.policies.has(policyName)) throw refusals.notFound(`Policy ${policyName}`);
      const id = /:cert\/([0-9a-f]+)$/.exec(target)?.[1] ?? '';
      const certificate = account.certificates.get(id);
      if (certificate === undefined) throw refusals.notFound(`Target ${target}`);
      const policies = [...new Set([...certificate.policies, policyName])];
      account.certificates.set(id, { ...certificate, policies });
      return {};
    },
  ),
  operation(
    'DescribeEndpoint',
    'GET /endpoint',
    z.object({ endpointType: z.enum(ENDPOINTS).default('iot:Data') }),
    (_input, { host }) => ({ endpointAddress: host }),
  ),
];
