import { eventstream } from 'aws-crt';

let isMended = false;
/** Is a stream's native part still there to be closed? Known when its activation has settled; streams that were never activated aren't in it. */
const isOwned = new WeakMap<eventstream.ClientStream, Promise<boolean>>();

/**
 * Mends how aws-crt 1.33 ends a stream whose connection is lost while its activation is under way. Its native part then releases the one
 * reference that the activation took twice (aws-crt-nodejs, source/event_stream.c: when sending has failed, and when the stream has ended), and
 * who closes the stream afterwards writes to memory that is freed: the process aborts, or hangs while it does. So a stream is closed when its
 * activation has settled, and one whose activation could not be sent is not closed at all: it has freed itself.
 */
export function mendStreamClose(): void {
  if (isMended) return;
  isMended = true;
  const { prototype } = eventstream.ClientStream;
  const { activate, close } = prototype;
  prototype.activate = function (options) {
    const activation = activate.call(this, options);
    isOwned.set(
      this,
      activation.then(() => true, isRefused),
    );
    return activation;
  };
  prototype.close = function () {
    const known = isOwned.get(this);
    if (known === undefined) close.call(this);
    else void known.then((owned) => owned && close.call(this));
  };
}

/** Was it refused at once, with an exception? What the native part reports later of sending is the text of its error. */
const isRefused = (reason: unknown) => typeof reason !== 'string';
