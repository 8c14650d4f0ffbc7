import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  channelHeaders,
  channelPaths,
  requestSignText,
  type BookLine,
  type BooksAnswer,
} from '#cloud/channel-simulator/protocol.ts';

const appId = 'greentill';
const pagesMax = 100;

/** The channel's own books of one merchant number, asked for over its signed protocol. */
export async function readChannelBooks(channel: {
  readonly origin: string;
  /** Where its sandbox keys are. */
  readonly folder: string;
  readonly merchantNo: string;
}): Promise<readonly BookLine[]> {
  const key = createPrivateKey(await readFile(path.join(channel.folder, 'app-private-key.pem')));
  const lines: BookLine[] = [];
  for (let page = 0; page < pagesMax; page += 1) {
    const after = lines.at(-1)?.outTradeNo ?? '';
    const body = JSON.stringify({ merchantNo: channel.merchantNo, after });
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const nonce = randomBytes(18).toString('base64url');
    const text = requestSignText({ path: channelPaths.books, timestamp, nonce, body });
    const response = await fetch(new URL(channelPaths.books, channel.origin), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        [channelHeaders.app]: appId,
        [channelHeaders.timestamp]: timestamp,
        [channelHeaders.nonce]: nonce,
        [channelHeaders.signature]: sign(null, Buffer.from(text), key).toString('base64'),
      },
      body,
    });
    if (!response.ok) throw new Error(`the channel refused its books: ${await response.text()}`);
    const answer = (await response.json()) as BooksAnswer;
    lines.push(...answer.lines);
    if (!answer.more) return lines;
  }
  throw new Error(`the books have more than ${pagesMax} pages`);
}
