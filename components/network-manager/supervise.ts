import { Bell } from '../host/bell.ts';
import { backOff } from './back-off.ts';
import type { EventSource } from './events.ts';

/** Told of what the sources notice. */
export interface SourcesListener {
  readonly noticed: () => void;
  /** A vital source has come, or come back. */
  readonly encouraged: () => void;
  /** A source ended; told once until it is back. */
  readonly lost: (name: string, why: string) => void;
}

/** A source that has lived so long counts as sound: its next failure is its first. Milliseconds. */
const SOUND_AFTER_MS = 60_000;

/**
 * Keeps the sources going until the signal: one that ends is started again with growing pauses; one that comes and goes also when a vital
 * source notices something (a router that starts is told by Docker). That a source begins counts as an event: nobody knows what was missed.
 */
export async function supervise(
  sources: readonly EventSource[],
  listener: SourcesListener,
  signal: AbortSignal,
): Promise<void> {
  const waiting = sources.map((source) => ({ source, bell: new Bell() }));
  const wakeTransient = () => {
    for (const { source, bell } of waiting) if (source.transient === true) bell.ring();
  };
  await Promise.all(waiting.map(({ source, bell }) => keepGoing(source, bell, listener, wakeTransient, signal)));
}

async function keepGoing(
  { name, transient = false, vital = false, listen }: EventSource,
  bell: Bell,
  listener: SourcesListener,
  wakeTransient: () => void,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  let isLost = false;
  while (!signal.aborted) {
    let begun = Number.POSITIVE_INFINITY;
    const noticed = () => {
      if (vital) wakeTransient();
      listener.noticed();
    };
    const began = () => {
      begun = performance.now();
      isLost = false;
      if (vital) listener.encouraged();
      noticed();
    };
    try {
      await listen({ began, noticed }, signal);
    } catch (error) {
      if (!isLost && !transient) listener.lost(name, error instanceof Error ? error.message : String(error));
      isLost = true;
    }
    failures = performance.now() - begun > SOUND_AFTER_MS ? 1 : failures + 1;
    await bell.wait(backOff(failures), signal);
  }
}
