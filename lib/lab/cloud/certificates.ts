import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from '../machine/machine.ts';

export const CERTIFICATE_DIRECTORY = 'certificates';

/** What a client needs to be somebody: paths of PEM files. */
export interface Credentials {
  /** The authority that signed the server's certificate. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** @param directory of the cloud */
export function credentialsOf(directory: string, commonName: string): Credentials {
  const file = (name: string) => join(directory, CERTIFICATE_DIRECTORY, name);
  return { ca: file('ca.pem'), certificate: file(`${commonName}.pem`), key: file(`${commonName}.key`) };
}

/** Their content, as node:tls takes it. They must lie on this machine. */
export async function readCredentials({ ca, certificate, key }: Credentials) {
  return { ca: await readFile(ca), cert: await readFile(certificate), key: await readFile(key) };
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
/** Longer than any lab; there is nobody who would renew them. */
const VALID = ['-days', '3650'];
const extension = (text: string) => ['-addext', text];

/** Makes the cloud's own certificate authority, unless it is there. */
export async function makeAuthority(machine: Machine, directory: string): Promise<void> {
  const { ca } = credentialsOf(directory, '');
  await unlessThere(machine, ca, [
    ...['openssl', 'req', '-x509', ...KEY, ...VALID, '-subj', '/CN=Firebreak lab'],
    ...extension('keyUsage=critical,keyCertSign,cRLSign'),
    ...['-keyout', join(directory, CERTIFICATE_DIRECTORY, 'ca.key'), '-out', `${ca}.new`],
  ]);
}

/** Signs a certificate for a client, unless it has one. */
export async function issue(machine: Machine, directory: string, commonName: string): Promise<Credentials> {
  return await sign(machine, directory, commonName, commonName, ['extendedKeyUsage=clientAuth']);
}

/** Signs the server's certificate, for one address. */
export async function issueForServer(
  machine: Machine,
  directory: string,
  name: string,
  host: string,
): Promise<Credentials> {
  const names = `subjectAltName=IP:${host}`;
  return await sign(machine, directory, `${name}-${host}`, name, ['extendedKeyUsage=serverAuth', names]);
}

async function sign(
  machine: Machine,
  directory: string,
  file: string,
  commonName: string,
  extensions: readonly string[],
): Promise<Credentials> {
  const credentials = credentialsOf(directory, file);
  await unlessThere(machine, credentials.certificate, [
    ...['openssl', 'req', '-x509', ...KEY, ...VALID, '-subj', `/CN=${commonName}`],
    ...['-CA', credentials.ca, '-CAkey', join(directory, CERTIFICATE_DIRECTORY, 'ca.key')],
    ...['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature', ...extensions].flatMap(extension),
    ...['-keyout', credentials.key, '-out', `${credentials.certificate}.new`],
  ]);
  return credentials;
}

/** The certificate appears last, whole: what was interrupted is made again. */
async function unlessThere(machine: Machine, certificate: string, argv: readonly string[]): Promise<void> {
  const make = 'certificate=$1; shift; [ -e "$certificate" ] || { "$@" && mv "$certificate.new" "$certificate"; }';
  await machine.run(['sh', '-c', make, 'make', certificate, ...argv]);
}
