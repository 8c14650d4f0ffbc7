import type { Result } from '#shared/result/result.ts';

/**
 * A way to a device: serial port, TCP socket, memory. `open` makes a new connection each time and never revives an
 * old one: bytes written to a dead serial port would otherwise be sent at its next opening, and print twice.
 */
export interface Transport {
  /** For people: "serial /dev/ttyUSB0 115200", "tcp 10.0.0.9:9100". */
  readonly address: string;
  open(): Promise<Result<Connection, OpenError>>;
}

/** Errors in order of precedence: the first that applies is reported. */
export type OpenError =
  | { readonly type: 'device-missing' }
  | { readonly type: 'device-permission' }
  /** This computer lacks the native part that talks to such devices. */
  | { readonly type: 'device-library-missing' }
  | { readonly type: 'device-busy' }
  | { readonly type: 'device-open-timeout' }
  | { readonly type: 'device-open-failed'; readonly detail: string };

export type WriteError =
  /** The connection was closed before the first byte of this write: nothing left. */
  | { readonly type: 'not-open' }
  /** The device stopped taking bytes; how many left is not known. */
  | { readonly type: 'write-timeout' }
  | { readonly type: 'write-failed'; readonly detail: string };

export type CloseReason =
  | { readonly type: 'closed-by-us' }
  | { readonly type: 'disconnected' }
  | { readonly type: 'device-error'; readonly detail: string };

/** One life of a transport. After `onClose` nothing arrives and every write answers `not-open`. */
export interface Connection {
  /** Grows with each connection in this process: late answers of a dead one are recognised and dropped. */
  readonly generation: number;
  /**
   * Resolves when the operating system took the bytes, which proves nothing more. Never hangs:
   * bounded by a timeout.
   */
  write(bytes: Uint8Array): Promise<Result<void, WriteError>>;
  /** Resolves when the local queue is empty, which proves nothing about paper. */
  drain(): Promise<Result<void, WriteError>>;
  onData(listener: (chunk: Uint8Array) => void): void;
  onClose(listener: (reason: CloseReason) => void): void;
  close(): Promise<void>;
}
