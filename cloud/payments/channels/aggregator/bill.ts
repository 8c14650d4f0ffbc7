import { createHash } from 'node:crypto';
import { createGunzip } from 'node:zlib';
import { Compile } from 'typebox/compile';
import {
  BillAnswerSchema,
  channelPaths,
  type BillRequest,
  type Face,
} from '#cloud/channel-simulator/protocol.ts';
import {
  billBytesMax,
  type BillDesk,
  type BillOutcome,
  type BillSink,
} from '#cloud/channel/channel-bill.ts';
import { sendSigned, type AggregatorOptions } from '#cloud/payments/channels/aggregator/client.ts';
import { unknown } from '#cloud/payments/channels/wire/evidence.ts';
import { streamFromWire } from '#cloud/payments/channels/wire/stream.ts';

/** A day's bill may take long; its address lives for five minutes. */
export const billReadTimeoutMs = 300_000;

const checkAnswer = Compile(BillAnswerSchema);

/**
 * The bill of a day and face, all merchants of our app. The answer with the address is signed, the
 * file is not: what makes it true is the SHA-256 of the uncompressed bytes in the signed answer.
 */
export const createAggregatorBills = (
  options: AggregatorOptions & { readonly face: Face },
): BillDesk => ({
  format: 'aggregator-jsonl',
  download: async ({ date }, sink) => {
    const { face } = options;
    const value: BillRequest = { face, date };
    const sent = await sendSigned(options, { path: channelPaths.bill, value }, checkAnswer);
    const { evidence } = sent;
    if (sent.type === 'none') return { outcome: unknown(sent.code), evidence };
    const { answer } = sent;
    if (answer.code !== 'SUCCESS') return { outcome: absence(answer.code), evidence };
    const { downloadUrl, sha256 } = answer;
    if (answer.face !== face || answer.date !== date)
      return { outcome: unknown('order-mismatch'), evidence };
    if (downloadUrl === undefined || sha256 === undefined)
      return { outcome: unknown('garbled-answer'), evidence };
    return { outcome: await fetchFile({ options, sink }, { downloadUrl, sha256 }), evidence };
  },
});

const absence = (code: string): BillOutcome => {
  if (code === 'BILL_NOT_FOUND') return { type: 'no-bill', code };
  return code === 'BILL_NOT_READY' ? { type: 'not-ready', code } : unknown(code);
};

async function fetchFile(
  far: { readonly options: AggregatorOptions; readonly sink: BillSink },
  bill: { readonly downloadUrl: string; readonly sha256: string },
): Promise<BillOutcome> {
  const url = URL.parse(bill.downloadUrl);
  if (url?.origin !== new URL(far.options.baseUrl).origin) return unknown('foreign-address');
  const hash = createHash('sha256');
  let bytes = 0;
  const how = await streamFromWire({
    url,
    headers: { 'user-agent': 'greentill' },
    readTimeoutMs: billReadTimeoutMs,
    through: createGunzip(),
    bytesMax: billBytesMax,
    sink: async (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
      await far.sink(chunk);
    },
  });
  if (how !== 'whole') return unknown(how);
  const hex = hash.digest('hex');
  return hex === bill.sha256
    ? { type: 'whole', bytes, digest: { algorithm: 'sha256', hex } }
    : unknown('digest-mismatch');
}
