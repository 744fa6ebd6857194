/** A message to or from the cloud's broker. */
export interface CloudMessage {
  readonly topic: string;
  readonly payload: Buffer;
  /** 0: at most once; 1: at least once. */
  readonly qos: 0 | 1;
  readonly retain?: boolean;
}

/** The one MQTT connection of the core device. */
export interface CloudConnection {
  readonly isConnected: boolean;
  /** Fulfilled when it is out (QoS 0) or acknowledged (QoS 1). @throws Error if it could not be sent. */
  publish(message: CloudMessage): Promise<void>;
  /**
   * From now on, also after a reconnection.
   * @returns what ends it
   */
  subscribe(filter: string, qos: 0 | 1, deliver: (message: CloudMessage) => void): Promise<() => void>;
  /** Called whenever it is connected, and its subscriptions stand. @returns what ends that */
  onConnected(listener: () => void): () => void;
}
