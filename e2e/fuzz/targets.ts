import { decodeBcd2 } from '#drivers/ecr/stx-etx/bcd2-dialect.ts';
import { exampleBcd2Table } from '#drivers/ecr/stx-etx/bcd2-table.ts';
import { encodeStxEtx, takeStxEtx, type StxEtxFraming } from '#drivers/ecr/stx-etx/frame.ts';
import { decodeTransbank, transbankFraming } from '#drivers/ecr/stx-etx/transbank-dialect.ts';
import {
  encodeHubFrame,
  hubConfirm,
  hubFrameBytesMax,
  hubHandshake,
  takeHubFrame,
} from '#drivers/ecr/ecr-hub/frame.ts';
import { decodeHubReport } from '#drivers/ecr/ecr-hub/hub-dialect.ts';
import { encodeHubResponse } from '#drivers/ecr/ecr-hub/messages.ts';
import { readerStart, readOn, type TakeHead } from '#drivers/ecr/frame-reader.ts';
import { readDeviceId } from '#drivers/discovery/list-usb-lp.ts';
import { blockBytesMax, demux, demuxStart } from '#drivers/printer/status/status-demux.ts';
import {
  hidPosCodeBytesMax,
  hidPosReportBytes,
  hidPosStart,
  pushReport,
} from '#drivers/scanner/hid-pos.ts';
import { scanOfBytes } from '#drivers/scanner/scan-text.ts';
import { framerConfigDefault, framerStart, pushBytes } from '#drivers/scanner/serial-framer.ts';
import { parseCommand } from '#drivers/simulator/escpos/escpos-parser.ts';
import { decodeMemberCode } from '#shared/member/member-code.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { gs1CharsMax, parseGs1 } from '#shared/scan/gs1.ts';
import { routeScan } from '#shared/scan/route-scan.ts';
import { pureTarget, streamTarget, type FuzzTarget } from './fuzz-target.ts';

const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf8'));
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const paymentCode = '134567890123456789';

/** Frames of a link, cut out of a stream of bytes. */
function frames<T>(
  name: string,
  take: TakeHead<T>,
  rest: { readonly seeds: readonly Uint8Array[]; readonly frameBytesMax: number },
): FuzzTarget {
  return streamTarget({
    name,
    seeds: rest.seeds,
    start: readerStart,
    step: (state, input) => {
      const step = readOn(state, input, take);
      return { state: step.state, found: step.values.length };
    },
    heldIn: ({ pending }) => pending.length,
    heldMax: rest.frameBytesMax,
    goodFrame: rest.seeds[0]!,
    frameBytesMax: rest.frameBytesMax,
  });
}

const hubFrame = (data: Uint8Array): Uint8Array =>
  getOrThrow(encodeHubFrame({ type: 'data', ack: 0, id: 1, data }));
const hubAnswer = encodeHubResponse({
  topic: 'ecrhub.pay.order',
  requestId: '17',
  appId: 'greentill',
  success: true,
  errorMsg: '',
  order: {
    merchantOrderNo: '01JADFX2A0000000000000000A01',
    orderAmount: '12.50',
    transNo: '000123',
    priceCurrency: 'CNY',
    transType: '1',
    payScenario: 'SWIPE_CARD',
    transStatus: '2',
    payChannelTransNo: '4200001',
    transEndTime: '2026-11-22 10:00:00',
    payMethodId: 'WECHAT',
  },
});

const frameBytesMaxOf = ({ dataBytesMax }: StxEtxFraming): number => dataBytesMax + 6;
const stxEtx = (framing: StxEtxFraming, text: string): Uint8Array =>
  getOrThrow(encodeStxEtx(ascii(text), framing));
const transbankAnswer = '0210|00|597029414300|TB000001|AB0001|A1B2C3|1250|1|0|1234|000012||CR|||VI';
const bcd2Framing = exampleBcd2Table.framing;

const hidReport = (data: string, more: boolean): Uint8Array => {
  const report = new Uint8Array(1 + hidPosReportBytes);
  report.set([0x02, data.length, 0x5d, 0x51, 0x31]);
  report.set(ascii(data), 5);
  report[63] = more ? 1 : 0;
  return report;
};

const processIdAnswer = hex('37226162636400');

const streams: readonly FuzzTarget[] = [
  streamTarget({
    name: 'printer-status',
    seeds: [processIdAnswer, hex('372500'), hex('5f3132333400'), hex('10131200'), hex('12160f00')],
    start: demuxStart,
    step: (state, input) => {
      const step = demux(state, input);
      const found = step.events.filter(({ type }) => type === 'process-id').length;
      return { state: step.state, found };
    },
    heldIn: (state) => (state.type === 'idle' ? 0 : state.bytes.length),
    heldMax: blockBytesMax,
    goodFrame: processIdAnswer,
    frameBytesMax: blockBytesMax,
  }),
  streamTarget({
    name: 'serial-scanner',
    seeds: [ascii(`${paymentCode}\r`), ascii(`]Q1${paymentCode}\r\n`), ascii('6901234567892\n')],
    start: framerStart,
    step: (state, input) => {
      const step = pushBytes(state, input, framerConfigDefault);
      const found = step.events.filter(({ type }) => type === 'frame').length;
      return { state: step.state, found };
    },
    heldIn: ({ pending }) => pending.length,
    heldMax: framerConfigDefault.frameBytesMax,
    goodFrame: ascii(`${paymentCode}\r`),
    frameBytesMax: framerConfigDefault.frameBytesMax,
  }),
  streamTarget({
    name: 'hid-scanner',
    seeds: [hidReport(paymentCode, false), hidReport('9'.repeat(56), true)],
    start: hidPosStart,
    step: (state, input) => {
      const step = pushReport(state, input);
      const found = step.events.filter(({ type }) => type === 'code').length;
      return { state: step.state, found };
    },
    heldIn: ({ pending }) => pending.length,
    heldMax: hidPosCodeBytesMax,
    goodFrame: hidReport(paymentCode, false),
    frameBytesMax: hidPosReportBytes,
  }),
  frames('ecr-hub-frames', takeHubFrame, {
    seeds: [
      hubFrame(ascii('AB')),
      hubFrame(hubAnswer),
      hubFrame(hex('cc33cc33')),
      getOrThrow(encodeHubFrame(hubHandshake)),
      getOrThrow(encodeHubFrame(hubConfirm)),
    ],
    frameBytesMax: hubFrameBytesMax,
  }),
  frames('transbank-frames', takeStxEtx(transbankFraming), {
    seeds: [stxEtx(transbankFraming, transbankAnswer), hex('0602303130300302'), hex('0615')],
    frameBytesMax: frameBytesMaxOf(transbankFraming),
  }),
  frames('bcd2-frames', takeStxEtx(bcd2Framing), {
    seeds: [stxEtx(bcd2Framing, '0100000000001250'), hex('06020002303103'), hex('15')],
    frameBytesMax: frameBytesMaxOf(bcd2Framing),
  }),
];

/** Reads commands from the head of the input for as long as they are whole. */
function readsEscPos(input: Uint8Array): boolean {
  let rest = input;
  let count = 0;
  while (rest.length > 0) {
    const step = parseCommand(rest, { chineseOn: true, charset: 'gbk' });
    if (step.type === 'need-more') break;
    if (step.length < 1) throw new Error('a command without bytes: no progress');
    rest = rest.subarray(step.length);
    count += 1;
  }
  return count > 0;
}

const bcd2Answer = ascii(
  `0100${'01JADFX2A0000000000000000A01'.padEnd(32)}000000001250${'000123'.padEnd(12)}` +
    `${'6222****1234'.padEnd(19)}20261122100000`,
);

const readers: readonly FuzzTarget[] = [
  pureTarget('ecr-hub-answers', [hubAnswer], (input) => decodeHubReport(input) !== null),
  pureTarget(
    'transbank-answers',
    [ascii(transbankAnswer), ascii('0900|78'), ascii('0260|00')],
    (input) => decodeTransbank(input, 0) !== null,
  ),
  pureTarget('bcd2-answers', [bcd2Answer], (input) => decodeBcd2(input, exampleBcd2Table) !== null),
  pureTarget(
    'escpos-commands',
    [
      hex('1b401c26c4e3bac30a1d7630000100010080'),
      hex('1d286b0500315030414210040a1d564200'),
      hex('1d6b49067b42414231321b700019fa'),
      hex('1d284806003030616263641d67320b200'.padEnd(34, '0')),
    ],
    readsEscPos,
  ),
  pureTarget(
    'scan-routing',
    [
      ascii(paymentCode),
      ascii('6901234567892'),
      ascii('01069012345678921726010110A'),
      ascii('，１'),
    ],
    (input) => routeScan({ text: Buffer.from(input).toString('utf8') }).type !== 'unknown',
  ),
  pureTarget(
    'scan-text',
    [ascii(paymentCode), ascii('\\000026中文'), hex('d6d0cec4')],
    (input) => scanOfBytes({ data: input, aim: ']Q2' }) !== null,
  ),
  pureTarget(
    'gs1-elements',
    [ascii('01069012345678921726010110ABC\x1d21XYZ')],
    (input) => parseGs1(textOf(input).slice(0, gs1CharsMax)).ok,
  ),
  pureTarget(
    'usb-printer-id',
    [ascii('MFG:Xprinter;MDL:XP-58;CMD:ESC/POS;'), ascii('MANUFACTURER:Gprinter;MODEL:GP-L80')],
    (input) => readDeviceId(textOf(input)).model !== '',
  ),
  pureTarget('member-codes', [ascii(`99${'1'.repeat(260)}`), ascii('9'.repeat(100))], (input) => {
    const decoded = decodeMemberCode(textOf(input));
    return decoded.ok || decoded.error.type !== undefined;
  }),
];

/** Every parser that reads what a device or a customer sent. */
export const fuzzTargets: readonly FuzzTarget[] = [...streams, ...readers];
