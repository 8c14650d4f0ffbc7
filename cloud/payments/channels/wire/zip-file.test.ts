import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gbkOf } from '#cloud/channel-simulator/gbk.ts';
import { zipOf } from '#cloud/channel-simulator/zip.ts';
import { openZip } from '#cloud/payments/channels/wire/zip-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'zip-file-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const files = [
  { name: gbkOf('业务明细.csv'), content: gbkOf('绿点收银,12.34\r\n'.repeat(20_000)) },
  { name: gbkOf('汇总.csv'), content: Buffer.alloc(0) },
];
const whole = zipOf(files);

/** Everything in a zip of these bytes, or the word for why not. */
async function readAll(bytes: Uint8Array, unpackedBytesMax = 10_000_000) {
  const path = join(folder, 'file.zip');
  writeFileSync(path, bytes);
  const zip = await openZip(path, unpackedBytesMax);
  if (!zip.ok) return zip.error.type;
  try {
    const contents: Buffer[] = [];
    for (const entry of zip.value.entries) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of zip.value.read(entry)) chunks.push(chunk);
      contents.push(Buffer.concat(chunks));
    }
    return contents;
  } catch (cause) {
    return cause instanceof Error ? cause.message : 'thrown';
  } finally {
    await zip.value.close();
  }
}

describe('zip files', () => {
  it('what was packed comes out, and GBK survives the way', async () => {
    expect(await readAll(whole)).toEqual(files.map((file) => file.content));
    const text = new TextDecoder('gbk', { fatal: true }).decode(files[0]?.content);
    expect(text.startsWith('绿点收银,12.34\r\n')).toBe(true);
  });

  it('cut short, prolonged, empty, no zip at all', async () => {
    expect(await readAll(whole.subarray(0, -1))).toBe('not-a-zip');
    expect(await readAll(Buffer.concat([whole, Buffer.from(' ')]))).toBe('not-a-zip');
    expect(await readAll(Buffer.alloc(0))).toBe('not-a-zip');
    expect(await readAll(Buffer.from('<html>502'.repeat(9)))).toBe('not-a-zip');
    expect(await readAll(whole.subarray(1))).toBe('zip-damaged');
  });

  it('more than is allowed is not unpacked', async () => {
    expect(await readAll(whole, 1_000)).toBe('zip-too-large');
  });

  it('every byte of the packed content: changed, nothing else than what was packed is ever read', async () => {
    const packedAt = 30 + (files[0]?.name.length ?? 0);
    const packedEnd = whole.indexOf(Buffer.from('PK\u0003\u0004'), packedAt);
    expect(packedEnd).toBeGreaterThan(packedAt);
    let damaged = 0;
    for (let at = packedAt; at < packedEnd; at += 1) {
      const tampered = Buffer.from(whole);
      tampered[at] = (tampered[at] ?? 0) ^ 0x10;
      const read = await readAll(tampered);
      // The last byte of a deflate stream has bits that mean nothing.
      const isWhole = Array.isArray(read) && files.every((one, n) => read[n]?.equals(one.content));
      expect(isWhole || read === 'zip-damaged', `byte ${at}`).toBe(true);
      damaged += read === 'zip-damaged' ? 1 : 0;
    }
    expect(damaged).toBeGreaterThanOrEqual(packedEnd - packedAt - 1);
  });
});
