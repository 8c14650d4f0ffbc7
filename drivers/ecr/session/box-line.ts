import type { Link } from '#drivers/core/link-supervisor.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Delivery } from '#drivers/ecr/session/session-state.ts';

/** One connection to a box, in whole messages. */
export interface BoxLine {
  feed(chunk: Uint8Array): void;
  /** Is the box there and listening? Shakes hands or polls; never hangs. */
  greet(): Promise<boolean>;
  /** Hands one message over: repeated on this connection until acknowledged or given up. One after the other. */
  deliver(payload: Uint8Array): Promise<Delivery>;
  /** The message under way was answered: it must not be sent again, acknowledged or not. */
  cease(): void;
  /** The connection is gone: everything under way is told so. */
  end(): void;
}

export interface BoxLineDeps {
  readonly link: Link;
  readonly timers: Timers;
  /** A whole, sound message, each once. */
  readonly onMessage: (payload: Uint8Array) => void;
  /** The box fell silent although it should speak by itself. */
  readonly onSilent: () => void;
}

/** Half a frame is given up after this silence, in ms; longer than the stutter of a USB bridge. */
export const tornFrameMs = 400;
