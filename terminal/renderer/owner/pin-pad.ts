import { pinDigitsMax, pinDigitsMin } from '#terminal/ipc/owner.ts';

/**
 * Holds the digits of a PIN while it is typed, and nobody else does: the screen learns how many there are, and `take`
 * hands them out once.
 */
export interface PinPad {
  readonly count: () => number;
  /** Digits beyond the longest PIN are dropped. */
  readonly press: (digit: string) => void;
  readonly erase: () => void;
  readonly clear: () => void;
  /** The PIN, which the pad forgets; undefined when it is too short, and then the pad keeps it. */
  readonly take: () => string | undefined;
}

export function createPinPad(): PinPad {
  let digits = '';
  const clear = (): void => {
    digits = '';
  };
  return {
    count: () => digits.length,
    press: (digit) => {
      if (/^[0-9]$/.test(digit) && digits.length < pinDigitsMax) digits += digit;
    },
    erase: () => {
      digits = digits.slice(0, -1);
    },
    clear,
    take: () => {
      if (digits.length < pinDigitsMin) return undefined;
      const pin = digits;
      clear();
      return pin;
    },
  };
}
