import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { createBillDesk, type BillDesk } from '#cloud/channel-simulator/books/bill-lines.ts';
import { openMismatchesFile } from '#cloud/channel-simulator/books/mismatches-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'greentill-mismatches-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const path = join(folder, 'mismatches.json');
const paid = (outTradeNo: string, hour: number) => ({
  face: 'wechat' as const,
  merchantNo: '1900000109',
  outTradeNo,
  amountFen: 1_000,
  transactionId: `42${outTradeNo}`,
  bookedAtMs: 0,
  requestHash: '',
  paysAfterPolls: false,
  state: 'SUCCESS' as const,
  polls: 0,
  paidAtMs: Date.parse(`2026-09-21T0${hour}:00:00+08:00`),
  refunds: {},
  isFrozen: false,
});
const numbers = ['A1', 'B2', 'C3', 'D4', 'E5'];
let said: string[];
let desk: BillDesk;
beforeEach(() => {
  said = [];
  rmSync(path, { force: true });
  desk = createBillDesk(
    () => numbers.map(paid),
    openMismatchesFile(path, (line) => said.push(line)),
  );
});
const told = () =>
  desk
    .linesOf({ face: 'wechat', date: '2026-09-21' })
    .map((line) => `${line.outTradeNo} ${line.state} ${line.amountFen} ${line.feeFen}`);
const honest = numbers.map((number) => `${number} SUCCESS 1000 6`);

it('without a file every bill is honest', () => {
  expect(told()).toEqual(honest);
  expect(said).toEqual([]);
});

it('what the file says, the next bill lies about, and no longer when it is gone', () => {
  const lies = [
    { type: 'missing-on-theirs', outTradeNo: 'A1' },
    { type: 'amount-differs', outTradeNo: 'B2', byFen: -3 },
    { type: 'fee-differs', outTradeNo: 'C3', byFen: 1 },
    { type: 'state-differs', outTradeNo: 'D4' },
    { type: 'double', outTradeNo: 'E5' },
    { type: 'missing-on-ours', outTradeNo: 'X9', amountFen: 77, merchantNo: '1900000109' },
  ];
  writeFileSync(path, JSON.stringify(lies));
  expect(told()).toEqual([
    'B2 SUCCESS 997 6',
    'C3 SUCCESS 1000 7',
    'D4 CLOSED 1000 6',
    'E5 SUCCESS 1000 6',
    'E5 SUCCESS 1000 6',
    'X9 SUCCESS 77 0',
  ]);
  rmSync(path);
  expect(told()).toEqual(honest);
});

it.each([
  ['no JSON', '['],
  ['no list', '{}'],
  ['an unknown lie', '[{"type":"stolen","outTradeNo":"A1"}]'],
  ['a difference of nothing', '[{"type":"amount-differs","outTradeNo":"A1","byFen":0}]'],
  ['a lie with a word too many', '[{"type":"double","outTradeNo":"A1","byFen":1}]'],
])('%s: said in a line, and the bill stays honest', (_what, text) => {
  writeFileSync(path, text);
  expect(told()).toEqual(honest);
  expect(said).toEqual([`${path} is no list of mismatches: the bills stay honest`]);
});
