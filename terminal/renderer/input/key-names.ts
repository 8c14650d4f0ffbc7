import { eatenChar } from '#shared/scan/wedge-machine.ts';

/** What a keydown event says, as far as the till cares. */
export interface KeyFacts {
  readonly code: string;
  readonly key: string;
  readonly shiftKey: boolean;
  /** 229 when an input method took the key. */
  readonly keyCode?: number;
}

const punctuation: Readonly<Record<string, readonly [plain: string, shifted: string]>> = {
  Minus: ['-', '_'],
  Equal: ['=', '+'],
  BracketLeft: ['[', '{'],
  BracketRight: [']', '}'],
  Backslash: ['\\', '|'],
  Semicolon: [';', ':'],
  Quote: ["'", '"'],
  Backquote: ['`', '~'],
  Comma: [',', '<'],
  Period: ['.', '>'],
  Slash: ['/', '?'],
  Space: [' ', ' '],
};

const numpad: Readonly<Record<string, string>> = {
  NumpadDecimal: '.',
  NumpadAdd: '+',
  NumpadSubtract: '-',
  NumpadMultiply: '*',
  NumpadDivide: '/',
};

const shiftedDigits = ')!@#$%^&*(';

/**
 * The character a key writes, 'Enter', 'Tab', or undefined. The physical code decides, not the text: with a Chinese
 * input method on, the browser reports key "Process" for every letter and digit, or a wide one, and a scan would be
 * eaten. A key without a physical code that an input method took is {@link eatenChar}: something was typed.
 */
export function charOfKey(facts: KeyFacts): string | undefined {
  const { code } = facts;
  if (code === 'Enter' || code === 'NumpadEnter' || facts.key === 'Enter') return 'Enter';
  if (facts.key === 'Tab' || code === 'Tab') return facts.shiftKey ? undefined : 'Tab';
  if (code === '') return charWithoutCode(facts);
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1];
  if (digit !== undefined) {
    return facts.shiftKey && code.startsWith('Digit') ? shiftedDigits.charAt(Number(digit)) : digit;
  }
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  // Caps lock shows only in `key`; under an input method it is lost and the shift key decides.
  if (letter !== undefined)
    return /^[A-Za-z]$/.test(facts.key) ? facts.key : cased(letter, facts.shiftKey);
  return numpad[code] ?? punctuation[code]?.[facts.shiftKey ? 1 : 0];
}

const cased = (letter: string, upper: boolean): string => (upper ? letter : letter.toLowerCase());

const takenKeyCode = 229;

function charWithoutCode({ key, keyCode }: KeyFacts): string | undefined {
  if (key.length === 1) return key;
  return key === 'Process' || keyCode === takenKeyCode ? eatenChar : undefined;
}
