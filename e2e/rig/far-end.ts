import type { FarSide } from '#drivers/core/far-side.ts';

/** A device whose cable can be pulled, and whose far end is handed to one simulator after the other. */
export interface PluggedDevice {
  /** Another device takes the far end; what sat there before hears and says nothing more. */
  hand(): FarSide;
  plug(): Promise<void>;
  pull(): Promise<void>;
}

export interface FarEnd {
  hand(): FarSide;
  /** Bytes came from the near side. */
  deliver(chunk: Uint8Array): void;
  tellPresence(present: boolean): void;
}

export function createFarEnd(deps: {
  readonly address: string;
  readonly send: (bytes: Uint8Array) => void;
  readonly isPresent: () => boolean;
}): FarEnd {
  let holder = 0;
  let byteListeners: ((chunk: Uint8Array) => void)[] = [];
  let presenceListeners: ((present: boolean) => void)[] = [];
  return {
    hand: () => {
      holder += 1;
      const mine = holder;
      byteListeners = [];
      presenceListeners = [];
      return {
        address: deps.address,
        send: (bytes) => {
          if (mine === holder) deps.send(bytes);
        },
        onBytes: (listener) => {
          if (mine === holder) byteListeners.push(listener);
        },
        onPresence: (listener) => {
          if (mine !== holder) return;
          presenceListeners.push(listener);
          if (deps.isPresent()) listener(true);
        },
      };
    },
    deliver: (chunk) => {
      for (const listener of byteListeners) listener(chunk);
    },
    tellPresence: (present) => {
      for (const listener of presenceListeners) listener(present);
    },
  };
}
