import { join } from 'node:path';
import { credentialsOf } from './certificates.ts';
import { type CloudConfiguration, cloudPaths } from './configuration.ts';
import { SERVER } from './identities.ts';

/** AWS IoT's limits, as far as mosquitto has them: payload, quality of service, keep alive, sessions (message broker quotas). */
const LIMITS = [
  'message_size_limit 131072',
  'max_inflight_messages 100',
  'max_keepalive 1200',
  'persistent_client_expiration 1h',
];
/**
 * The cloud's own connection has thousands of messages waiting when thousands of trucks speak at once: beyond 1,000 mosquitto would drop them. (0, which is
 * to mean no limit, lets mosquitto 2.0.11 acknowledge nothing any more to whom it has denied a message.)
 */
const QUEUE = 'max_queued_messages 1000000';

/** The text of mosquitto.conf(5). What is queued for a session is on disk at once, as nobody says goodbye before a kill -9. */
export function brokerConfiguration({ directory, host, ports, sessions }: CloudConfiguration): string {
  const paths = cloudPaths(directory);
  const server = credentialsOf(directory, `${SERVER}-${host}`);
  return `${[
    `listener ${ports.mqtt} ${host}`,
    'max_qos 1',
    `cafile ${server.ca}`,
    `certfile ${server.certificate}`,
    `keyfile ${server.key}`,
    'tls_version tlsv1.2',
    'require_certificate true',
    'use_identity_as_username true',
    'allow_anonymous false',
    `acl_file ${paths.brokerAccess}`,
    'user root',
    `persistence_location ${paths.broker}/`,
    // It writes everything each time: too much, where thousands come and go.
    ...(sessions === 'kept' ? ['persistence true', 'autosave_on_changes true', 'autosave_interval 1'] : []),
    'log_dest stderr',
    'log_type error',
    'log_type warning',
    'log_type notice',
    ...LIMITS,
    QUEUE,
  ].join('\n')}\n`;
}

/** What to spawn: a broker that dies with whoever spawned it (prctl(2), PR_SET_PDEATHSIG). */
export function brokerCommand(directory: string): readonly [string, ...string[]] {
  return ['setpriv', '--pdeathsig', 'KILL', 'mosquitto', '-c', join(cloudPaths(directory).brokerConfiguration)];
}
