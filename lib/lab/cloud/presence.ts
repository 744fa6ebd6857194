/** Who is connected, as mosquitto's log tells it (log types notice; its 2.0.11). */
export interface Presence {
  readonly clientId: string;
  readonly connected: boolean;
}

/** null: the line tells something else. */
export function presenceIn(line: string): Presence | null {
  const [, come] = /New client connected from \S+ as (\S+) \(/.exec(line) ?? [];
  if (come !== undefined) return { clientId: come, connected: true };
  const [, gone, lost] =
    /Client (\S+) (?:disconnected|closed its connection|has exceeded timeout)|Bad socket read\/write on client (\S+):/.exec(
      line,
    ) ?? [];
  const clientId = gone ?? lost;
  return clientId === undefined ? null : { clientId, connected: false };
}
