import type { Timers } from '#drivers/core/timers.ts';

/**
 * Software flow control seen from the host: the device says XOFF (13) when its buffer is nearly full and XON (11) when
 * there is room again. Neither byte occurs inside an answer of a printer, so they may be looked for everywhere.
 */
export interface FlowGate {
  /** Bytes arrived. */
  look(chunk: Uint8Array): void;
  /** Resolves true when the device takes bytes, false when it did not within the time limit or the gate was closed. */
  room(): Promise<boolean>;
  /** The connection is over. */
  close(): void;
}

/** A printer without paper says XOFF until somebody puts a roll in; longer than this the connection is given up. */
export const roomWaitMsMax = 120_000;
const xon = 0x11;
const xoff = 0x13;

export function createFlowGate(timers: Timers): FlowGate {
  const waiting = new Set<(room: boolean) => void>();
  let open = true;
  let closed = false;
  const wake = (room: boolean): void => {
    for (const settle of waiting) settle(room);
  };
  return {
    look: (chunk) => {
      for (const byte of chunk) if (byte === xon || byte === xoff) open = byte === xon;
      if (open) wake(true);
    },
    room: () =>
      new Promise((resolve) => {
        if (open || closed) return resolve(!closed);
        const settle = (room: boolean): void => {
          if (!waiting.delete(settle)) return;
          cancel();
          resolve(room);
        };
        const cancel = timers.after(roomWaitMsMax, () => settle(false));
        waiting.add(settle);
      }),
    close: () => {
      closed = true;
      wake(false);
    },
  };
}
