import { assert } from '#shared/result/assert.ts';

/** Two-byte GBK: first byte 0x81..0xFE, second 0x40..0xFE without 0x7F. */
const [leadMin, trailMin, last, hole] = [0x81, 0x40, 0xfe, 0x7f];

let table: ReadonlyMap<string, readonly [number, number]> | undefined;

/** Text in GBK, as Alipay writes its bills. Node decodes GBK and cannot encode it, so its own table is turned round. */
export function gbkOf(text: string): Buffer {
  table ??= tableOfDecoder();
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const pair = code < 0x80 ? [code] : table.get(character);
    assert(pair !== undefined, () => `no GBK character: ${character}`);
    bytes.push(...pair);
  }
  return Buffer.from(bytes);
}

function tableOfDecoder(): ReadonlyMap<string, readonly [number, number]> {
  const decoder = new TextDecoder('gbk');
  const made = new Map<string, readonly [number, number]>();
  for (let lead = leadMin; lead <= last; lead += 1)
    for (let trail = trailMin; trail <= last; trail += 1) {
      if (trail === hole) continue;
      const character = decoder.decode(Uint8Array.of(lead, trail));
      if (character.length === 1 && !made.has(character)) made.set(character, [lead, trail]);
    }
  return made;
}
