/**
 * What a printer makes of the data of GS k 73 (Epson, GS k, CODE128): which characters, in which symbols. Null when it
 * would refuse them.
 */
export function readCode128(
  data: Uint8Array,
): { readonly text: string; readonly symbols: readonly number[] } | null {
  if (data[0] !== brace) return null;
  let set = setOf(data[1]);
  if (set === null) return null;
  const symbols: number[] = [startSymbols[set]];
  let text = '';
  for (let at = 2; at < data.length; at += 1) {
    let byte = data[at] ?? 0;
    let own: CodeSet = set;
    if (byte === brace) {
      at += 1;
      const second = data[at];
      const next = setOf(second);
      if (next !== null) {
        symbols.push(changeSymbols[next]);
        set = next;
        continue;
      }
      if (second === shift && set !== 'C') {
        symbols.push(shiftSymbol);
        own = set === 'A' ? 'B' : 'A';
        at += 1;
        byte = data[at] ?? 0;
        if (byte === brace) at += 1;
      } else if (second !== brace) return null;
    }
    const symbol = symbolOf(own, byte);
    if (symbol === null) return null;
    symbols.push(symbol);
    text += own === 'C' ? String(byte).padStart(2, '0') : String.fromCharCode(byte);
  }
  const sum = symbols.reduce((total, symbol, index) => total + symbol * Math.max(1, index), 0);
  return text === '' ? null : { text, symbols: [...symbols, sum % 103] };
}

type CodeSet = 'A' | 'B' | 'C';

const brace = 0x7b;
const shift = 0x53;
const shiftSymbol = 98;
const startSymbols = { A: 103, B: 104, C: 105 } as const;
const changeSymbols = { A: 101, B: 100, C: 99 } as const;

const setOf = (byte: number | undefined): CodeSet | null =>
  byte === 0x41 ? 'A' : byte === 0x42 ? 'B' : byte === 0x43 ? 'C' : null;

function symbolOf(set: CodeSet, byte: number): number | null {
  if (set === 'C') return byte <= 99 ? byte : null;
  if (set === 'A') return byte <= 0x5f ? (byte + 64) % 96 : null;
  return byte >= 0x20 && byte <= 0x7f ? byte - 0x20 : null;
}
