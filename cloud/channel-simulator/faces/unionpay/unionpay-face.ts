import type { KeyObject } from 'node:crypto';
import {
  bodyOf,
  type FaceHouse,
  type NotifyManners,
  type SimulatorFace,
} from '#cloud/channel-simulator/face.ts';
import { fileOf, filePath } from '#cloud/channel-simulator/faces/unionpay/bill.ts';
import { judgeWords, type UnionpayCaller } from '#cloud/channel-simulator/faces/unionpay/guard.ts';
import {
  answerText,
  signedWords,
  type Words,
} from '#cloud/channel-simulator/faces/unionpay/seal.ts';
import {
  createTransactions,
  type Transacted,
} from '#cloud/channel-simulator/faces/unionpay/transactions.ts';

export interface UnionpayFaceOptions {
  /** Who may call, by merId. */
  readonly callers: ReadonlyMap<string, UnionpayCaller>;
  readonly signer: { readonly key: KeyObject; readonly certificate: string };
}

/** UnionPay's full-channel gateway, version 5.1.0, as far as QR codes that merchants scan go. */
export const unionpayFace = (options: UnionpayFaceOptions): SimulatorFace => ({
  name: 'unionpay',
  mount: (app, house) => {
    const transactions = createTransactions(house, (done) => announce(done, options, house));
    const doors = {
      '/gateway/api/backTransReq.do': transactions.transact,
      '/gateway/api/queryTrans.do': transactions.query,
      [filePath]: (words: Words, nowMs: number): Transacted => ({
        words: fileOf(house, words, nowMs),
      }),
    };
    for (const [path, handle] of Object.entries(doors))
      app.post(path, (request, answer) => {
        const body = bodyOf(request);
        const nowMs = house.clock.nowMs();
        const echoed: Words = Object.fromEntries(new URLSearchParams(body));
        let words: Words = {};
        return house.serve(request, answer, {
          requestBody: body,
          guard: () => {
            const judged = judgeWords(body, options.callers, nowMs);
            if (judged.type === 'refused') return said(echoed, { respCode: judged.respCode });
            ({ words } = judged);
            return undefined;
          },
          busy: () => said(echoed, { respCode: '37' }),
          carryOut: () => {
            const done = handle(words, nowMs);
            announce(done, options, house);
            return { ...said(words, done.words), delivery: done.delivery ?? 'prompt' };
          },
          seal: ({ status, body: text }) => ({
            status,
            headers: { 'content-type': 'text/html;charset=utf-8' },
            body: sealed(String(text), options),
          }),
        });
      });
  },
});

/** What an answer repeats of its request. */
const repeated = ['merId', 'orderId', 'txnTime', 'txnType', 'txnSubType', 'accessType'] as const;

/** The words of an answer, as JSON until they are sealed: the line may play with them. */
const said = (request: Words, words: Words) => ({
  status: 200,
  body: JSON.stringify({
    version: '5.1.0',
    encoding: 'UTF-8',
    bizType: '000000',
    ...Object.fromEntries(repeated.map((name) => [name, request[name] ?? ''])),
    ...words,
  }),
});

function sealed(text: string, { signer }: UnionpayFaceOptions): string {
  if (!text.startsWith('{')) return text;
  return answerText(signedWords(JSON.parse(text) as Words, signer));
}

/** The notify of a payment or a refund, where the charge asked for it. */
function announce(done: Transacted, { signer }: UnionpayFaceOptions, house: FaceHouse): void {
  const { notice } = done;
  if (notice === undefined) return;
  const words = { version: '5.1.0', encoding: 'UTF-8', bizType: '000000', ...notice.words };
  house.notify({
    url: notice.url,
    make: () => ({
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
      body: new URLSearchParams(signedWords(words, signer)).toString(),
    }),
    times: notice.times,
    afterMs: notice.afterMs ?? 0,
    manners,
  });
}

const minuteMs = 60_000;
/** Any 200 is an acceptance. How often and when it is posted again stands in no public document: assumed. */
const manners: NotifyManners = {
  pausesMs: [1, 2, 4, 15, 60].map((minutes) => minutes * minuteMs),
  accepts: ({ status }) => status === 200,
};
