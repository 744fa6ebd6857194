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
  const argv = [
    ...['openssl', 'req', '-x509', ...KEY, ...VALID, '-subj', '/CN=Firebreak lab'],
    ...extension('keyUsage=critical,keyCertSign,cRLSign'),
    ...['-keyout', join(directory, CERTIFICATE_DIRECTORY, 'ca.key'), '-out', `${ca}.new`],
  ];
  await machine.run(unlessThere(ca, argv));
}

/** Signs certificates for clients, unless they have one: as many at once as there are processors. */
export async function issue(machine: Machine, directory: string, commonNames: readonly string[]): Promise<void> {
  const { certificate, argv } = signing(directory, NAME, NAME, ['extendedKeyUsage=clientAuth']);
  const each = ['sh', '-c', `xargs -P "$(nproc)" -I ${NAME} "$@"`, 'each', ...unlessThere(certificate, argv)];
  await machine.run(each, { input: commonNames.map((name) => `${name}\n`).join(''), timeoutMs: MANY_MS });
}

/** Signs the server's certificate, for one address. */
export async function issueForServer(machine: Machine, directory: string, name: string, host: string): Promise<void> {
  const extensions = ['extendedKeyUsage=serverAuth', `subjectAltName=IP:${host}`];
  const { certificate, argv } = signing(directory, `${name}-${host}`, name, extensions);
  await machine.run(unlessThere(certificate, argv));
}

/** Stands for a client's common name until xargs(1) puts it in. */
const NAME = '%NAME%';
/** Some ten milliseconds each, under emulation ten times that. */
const MANY_MS = 600_000;

function signing(directory: string, file: string, commonName: string, extensions: readonly string[]) {
  const { ca, certificate, key } = credentialsOf(directory, file);
  const argv = [
    ...['openssl', 'req', '-x509', ...KEY, ...VALID, '-subj', `/CN=${commonName}`],
    ...['-CA', ca, '-CAkey', join(directory, CERTIFICATE_DIRECTORY, 'ca.key')],
    ...['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature', ...extensions].flatMap(extension),
    ...['-keyout', key, '-out', `${certificate}.new`],
  ];
  return { certificate, argv };
}

/** The certificate appears last, whole: what was interrupted is made again. */
function unlessThere(certificate: string, argv: readonly string[]): readonly string[] {
  const make = 'certificate=$1; shift; [ -e "$certificate" ] || { "$@" && mv "$certificate.new" "$certificate"; }';
  return ['sh', '-c', make, 'make', certificate, ...argv];
}
