import { billBytesMax } from '#cloud/channel/channel-bill.ts';
import { openZip, type ZipEntry } from '#cloud/payments/channels/wire/zip-file.ts';

/** Longest line of a bill, in characters; a true one has about 400. */
export const billLineCharsMax = 8_192;

/** The file with the sums has these characters in its name, the one with the lines has not. */
const totalsWord = '汇总';

/**
 * The lines of Alipay's trade bill as it lies on disk (the zip of bill.ts), decoded from GBK,
 * without line ends; lines beginning with `#` are Alipay's own words. Memory stays bounded. Throws,
 * before the last line, when the zip is damaged, a byte is no GBK, or a line is longer than
 * {@link billLineCharsMax}: a bill counts only when read to its end.
 */
export async function* alipayBillLines(path: string): AsyncIterable<string> {
  const zip = await openZip(path, billBytesMax);
  if (!zip.ok) throw new Error(zip.error.type);
  try {
    const details = zip.value.entries.filter((entry) => !nameOf(entry).includes(totalsWord));
    const [detail] = details;
    if (detail === undefined || details.length > 1) throw new Error('bill-file-unclear');
    yield* linesOf(zip.value.read(detail));
  } finally {
    await zip.value.close();
  }
}

const nameOf = ({ name, isUtf8 }: ZipEntry): string =>
  new TextDecoder(isUtf8 ? 'utf-8' : 'gbk').decode(name);

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder('gbk', { fatal: true });
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > billLineCharsMax) throw new Error('bill-line-too-long');
    for (const line of lines) yield line.replace(/\r$/, '');
  }
  rest += decoder.decode();
  if (rest !== '') yield rest.replace(/\r$/, '');
}
