import { assert } from '#shared/result/assert.ts';

/** RFC 1321. The browser has no MD5, and the engine breaks ties of rounding by it; it protects nothing here. */
const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const sines = Array.from({ length: 64 }, (_, step) =>
  Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32),
);
const startState = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476] as const;
/** Names of runs and accounts are short; a longer text would be a mistake. */
const charsMax = 1024;

/** MD5 of ASCII text in lower-case hex. */
export function md5Hex(text: string): string {
  assert(/^[ -~]*$/.test(text) && text.length <= charsMax, () => `not a short ASCII text: ${text}`);
  const words = paddedWords(text);
  let state: readonly [number, number, number, number] = startState;
  for (let block = 0; block < words.length; block += 16) state = mixBlock(state, words, block);
  return state.map(littleEndianHex).join('');
}

function paddedWords(text: string): Uint32Array {
  const words = new Uint32Array((((text.length + 8) >> 6) + 1) * 16);
  for (let at = 0; at < text.length; at += 1)
    words[at >> 2] = (words[at >> 2]! | (text.charCodeAt(at) << ((at % 4) * 8))) >>> 0;
  words[text.length >> 2] = (words[text.length >> 2]! | (0x80 << ((text.length % 4) * 8))) >>> 0;
  words[words.length - 2] = text.length * 8;
  return words;
}

type State = readonly [number, number, number, number];

/** Without an object or array per step: the lab asks for thousands of these in each life. */
function mixBlock(state: State, words: Uint32Array, block: number): State {
  let [a, b, c, d] = state;
  for (let step = 0; step < 64; step += 1) {
    const mixed = mixOf(step >> 4, b, c, d);
    const sum = (a + mixed + sines[step]! + words[block + wordOf(step)]!) | 0;
    const shift = shifts[(step >> 4) * 4 + (step % 4)]!;
    const next = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
    a = d;
    d = c;
    c = b;
    b = next;
  }
  return [(state[0] + a) | 0, (state[1] + b) | 0, (state[2] + c) | 0, (state[3] + d) | 0];
}

function mixOf(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (d & b) | (~d & c);
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d);
}

function wordOf(step: number): number {
  const round = step >> 4;
  if (round === 0) return step;
  if (round === 1) return (5 * step + 1) % 16;
  return round === 2 ? (3 * step + 5) % 16 : (7 * step) % 16;
}

const littleEndianHex = (word: number): string =>
  [0, 8, 16, 24].map((shift) => ((word >>> shift) & 0xff).toString(16).padStart(2, '0')).join('');
