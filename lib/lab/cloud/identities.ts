import { parseRequestTopic } from '../shadow/topics.ts';
import { JOBS_REQUESTS, jobsTopic, parseJobsTopic } from './account/jobs/topics.ts';

/** Whom a certificate of the cloud belongs to: the common name of its subject. No thing has a dot in its name. */
export const OPERATOR = 'lab.operator';
export const SERVICE = 'lab.cloud';
export const SERVER = 'lab.server';

/** May whoever has this certificate read and write the shadows of this thing, and what is under `firebreak/THING/`? */
export function mayUse(commonName: string, thing: string): boolean {
  return commonName === OPERATOR || commonName === SERVICE || commonName === thing;
}

/** To the REST interface: may he publish to this topic? The same as brokerAccess says to the broker. */
export function mayPublish(commonName: string, topic: string): boolean {
  if (commonName === OPERATOR || commonName === SERVICE) return true;
  const isOwnRequest = (parseRequestTopic(topic) ?? parseJobsTopic(topic))?.thing === commonName;
  return topic.startsWith(`firebreak/${commonName}/`) || isOwnRequest;
}

/** The same for mosquitto: the text of its acl_file (mosquitto.conf(5)); %u is the certificate's common name. */
export function brokerAccess(): string {
  const everything = (commonName: string) => [`user ${commonName}`, 'topic readwrite #', 'topic readwrite $aws/#'];
  const requests = ['get', 'update', 'delete'].flatMap((operation) => [
    `pattern write $aws/things/%u/shadow/${operation}`,
    `pattern write $aws/things/%u/shadow/name/+/${operation}`,
  ]);
  return lines([
    ...everything(OPERATOR),
    ...everything(SERVICE),
    ...requests,
    ...JOBS_REQUESTS.map((suffix) => `pattern write ${jobsTopic('%u', suffix)}`),
    'pattern read $aws/things/%u/shadow/#',
    'pattern read $aws/things/%u/jobs/#',
    'pattern readwrite firebreak/%u/#',
  ]);
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
