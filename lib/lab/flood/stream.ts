/** The words between a flood and who drives it: lines of JSON, each command answered by one. */

/** Packets that go from one place to one address, one after the other. */
export interface Stream {
  /** Unique in a flood. */
  readonly name: string;
  /** The place that sends. */
  readonly from: string;
  /** IPv4 address. */
  readonly to: string;
  /** Between two packets, in milliseconds; longer where the machine is too slow. */
  readonly everyMs: number;
  readonly packets: Packets;
}

export type Packets =
  /** As ping(8) sends them, one conversation: the place's kernel chooses route, source and neighbour, the target answers. */
  | { readonly kind: 'pings' }
  /** Datagrams that nobody answers, from one port: who forwards them decides anew about each, as long as none is answered. */
  | { readonly kind: 'datagrams'; readonly port: number }
  /**
   * Frames that ask no kernel: whoever's neighbour is lost meanwhile, they go on. In turns to each of these MAC addresses, with
   * whatever source address.
   */
  | {
      readonly kind: 'frames';
      readonly source: string;
      readonly macs: readonly string[];
      readonly protocol: 'icmp' | 'udp';
      readonly port: number;
    };

/** Where packets are sent and heard: a network namespace by its path, or that of a container, which may go and come. */
export type Place = { readonly netns: string } | { readonly container: string };

/** From now on these streams run, at these places; what is sent bears the phase's name. */
export interface Phase {
  readonly phase: string;
  readonly places: Readonly<Record<string, Place>>;
  readonly streams: readonly Stream[];
}

export interface FloodSetting {
  /** Path of the socket of the Docker Engine that has the containers. */
  readonly docker?: string;
}

export type Command =
  | ({ readonly do: 'set' } & FloodSetting)
  | ({ readonly do: 'phase' } & Phase)
  /** What has been counted; `settle`: when what was under way has come, and nothing is sent meanwhile; `stop`: and then it ends. */
  | { readonly do: 'tell' | 'settle' | 'stop' }
  /** All counts but those of the present phase. */
  | { readonly do: 'forget' };

/** What became of the packets that a stream sent in a phase, each counted once at a place, whenever it came. */
export interface Tally {
  readonly stream: Stream;
  readonly phase: string;
  readonly sent: number;
  /** Could not be sent: the sender was not there, or had no interface, route or neighbour. */
  readonly unsent: number;
  /** How many were heard at each place. */
  readonly heard: Readonly<Record<string, number>>;
  /** How many answers were heard at each place. */
  readonly answers: Readonly<Record<string, number>>;
  /** Milliseconds that the stream ran in this phase. */
  readonly ranMs: number;
  /** The longest time between two packets that were sent or tried. */
  readonly longestPauseMs: number;
}

export interface FloodReport {
  readonly tallies: readonly Tally[];
  /** Frames that listeners lost: then silence proves nothing. */
  readonly lostFrames: number;
}
