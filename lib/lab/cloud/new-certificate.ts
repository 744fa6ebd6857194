import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { NewCertificate } from './account/operation.ts';
import { CERTIFICATE_DIRECTORY } from './certificates.ts';

/** A key and a certificate for it, of the cloud's own authority. @param directory of the cloud */
export async function newCertificate(directory: string): Promise<NewCertificate> {
  const authority = (name: string) => join(directory, CERTIFICATE_DIRECTORY, name);
  const place = await mkdtemp(join(tmpdir(), 'firebreak-certificate-'));
  const [key, certificate] = [join(place, 'key'), join(place, 'certificate')];
  try {
    await execa('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', '/CN=AWS IoT Certificate'],
      ...['-CA', authority('ca.pem'), '-CAkey', authority('ca.key'), '-addext', 'extendedKeyUsage=clientAuth'],
      ...['-keyout', key, '-out', certificate],
    ]);
    const pem = await readFile(certificate, 'utf8');
    const { fingerprint256, publicKey } = new X509Certificate(pem);
    return {
      id: fingerprint256.replaceAll(':', '').toLowerCase(),
      pem,
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      privateKey: await readFile(key, 'utf8'),
    };
  } finally {
    await rm(place, { recursive: true });
  }
}
