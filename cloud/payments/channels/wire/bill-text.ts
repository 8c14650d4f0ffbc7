import { createReadStream } from 'node:fs';
import { fen, type Fen } from '#shared/money/fen.ts';
import { BillUnreadable } from '#cloud/channel/channel-bill.ts';
import { shanghaiInstantOf } from '#cloud/payments/channels/wire/shanghai-time.ts';

/** Longest line of a bill, in characters; a true one has about 400. */
export const billLineCharsMax = 8_192;

const amountPattern = /^(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?$/;

/** Yuan of a cell as fen, with its sign. Throws {@link BillUnreadable}. */
export function billFen(text: string): Fen {
  const [, sign, yuan, rest = ''] = amountPattern.exec(text.trim()) ?? [];
  if (yuan === undefined) throw new BillUnreadable('a cell that is no amount');
  const value = Number(yuan) * 100 + Number(rest.padEnd(2, '0'));
  return fen(sign === '-' && value !== 0 ? -value : value);
}

/** Shanghai time of a cell as an instant. Throws {@link BillUnreadable}. */
export function billInstantMs(text: string): number {
  const instantMs = shanghaiInstantOf(text.trim());
  if (instantMs === undefined) throw new BillUnreadable('a cell that is no time');
  return instantMs;
}

/**
 * Where the columns stand that a reader needs. Throws {@link BillUnreadable} when one is missing.
 */
export function billColumns<Name extends string>(
  header: readonly string[],
  names: Readonly<Record<Name, string>>,
): Readonly<Record<Name, number>> {
  const places = {} as Record<Name, number>;
  for (const key of Object.keys(names) as Name[]) {
    const at = header.findIndex((cell) => cell.trim() === names[key]);
    if (at === -1) throw new BillUnreadable(`no column ${names[key]}`);
    places[key] = at;
  }
  return places;
}

const tooLong = (): BillUnreadable => new BillUnreadable('a line that is too long');

/** The lines of a bill on disk, UTF-8, without their ends; a byte order mark stays. Memory stays bounded. */
export async function* billTextLines(path: string): AsyncIterable<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest = '';
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > billLineCharsMax) throw tooLong();
    for (const line of lines) {
      if (line.length > billLineCharsMax) throw tooLong();
      yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
  }
  yield rest + decoder.decode();
}
