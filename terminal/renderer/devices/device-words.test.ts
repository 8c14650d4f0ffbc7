import { describe, expect, test } from 'vitest';
import type { DeviceDetail } from '#terminal/ipc/devices.ts';
import { zh } from '../i18n/zh.ts';
import { nowMs } from '../testing/sample-screens.ts';
import {
  adviceOf,
  attachedText,
  codeKind,
  lastSeenText,
  outcomeStatus,
  proofOf,
  provedBy,
  deviceStatus,
  waitingStatus,
} from './device-words.ts';
import { probeStatus } from './bind/probe-words.ts';

const printer: DeviceDetail = {
  role: 'printer',
  name: '小票机',
  address: 'serial /dev/ttyUSB0 9600',
  state: 'online',
  kind: 'serial',
  config: { role: 'printer', name: '小票机', transport: { type: 'serial', path: '/dev/ttyUSB0' } },
  identity: 'usb 0403:6001 A1',
  fixed: false,
  watched: true,
  generation: 1,
  actions: ['test'],
  test: null,
};
const facts = { words: zh, problem: (code: string) => `code ${code}` };
const passed = { type: 'passed', atMs: nowMs } as const;

describe('state', () => {
  test('only what is watched is called well; the sign differs where the colour does', () => {
    expect(deviceStatus(printer, zh)).toEqual({ tone: 'good', sign: 'check', text: '正常' });
    expect(deviceStatus({ ...printer, watched: false }, zh)).toMatchObject({
      tone: 'soft',
      sign: 'pause',
    });
    for (const state of ['offline', 'paper-out', 'cover-open', 'error', 'absent'] as const)
      expect(deviceStatus({ ...printer, state }, zh)).toEqual({
        tone: 'amber',
        sign: 'alert',
        text: zh.device[state],
      });
  });

  test('a device that is there and blocked is not called well', () => {
    expect(deviceStatus({ ...printer, code: 'box-blocked' }, zh).tone).toBe('amber');
  });
});

describe('advice', () => {
  test.each([
    [{}, null],
    [{ state: 'absent', code: 'device-missing' }, { state: 'absent' }],
    [{ state: 'absent', code: 'printer-missing' }, { code: 'printer-missing' }],
    [{ state: 'paper-out', code: 'printer-paper-out' }, { state: 'paper-out' }],
    [{ state: 'offline' }, { state: 'offline' }],
    [
      { state: 'offline', code: 'printer-silent' },
      { code: 'printer-silent', state: 'offline' },
    ],
    [{ state: 'offline', code: 'device-busy' }, { code: 'device-busy' }],
    [
      { state: 'offline', code: 'device-permission', group: 'lp' },
      { code: 'device-permission', group: 'lp' },
    ],
    [{ state: 'offline', code: 'device-permission' }, { code: 'device-permission' }],
    [{ state: 'online', code: 'box-blocked' }, { code: 'box-blocked' }],
  ] as const)('%j', (change, advice) => {
    expect(adviceOf({ ...printer, ...change })).toEqual(advice);
  });
});

test('a receipt is called printed from level 3 on, as the agent does', () => {
  expect([0, 1, 2, 3, 4].map(proofOf)).toEqual(['sent', 'sent', 'sent', 'printed', 'printed']);
});

test('a keyboard scanner and a drawer that was not taught are not said to be seen', () => {
  const scanner = { ...printer, role: 'scanner', kind: 'keyboard' } as const;
  expect(provedBy(scanner, zh)).toBe(zh.devices.proves.keyboard);
  const drawer = { ...printer, role: 'drawer', drawer: 'unknown' } as const;
  expect(provedBy(drawer, zh)).toBe(zh.devices.proves.drawerUnknown);
  expect(provedBy({ ...drawer, drawer: 'open' }, zh)).toBe(zh.devices.proves.drawer);
  expect(provedBy(printer, zh)).toBe(zh.devices.proofWords[0]);
});

const over = (device: Partial<DeviceDetail>, how: Partial<typeof passed> & object = {}) =>
  outcomeStatus({ ...printer, ...device }, { ...passed, ...how }, facts);

describe('tests', () => {
  test('only an answer is green: what was merely sent asks a person to look', () => {
    expect(over({}, { proof: 'printed' } as object)).toMatchObject({ tone: 'good', sign: 'check' });
    expect(over({}, { proof: 'sent' } as object)).toMatchObject({ tone: 'soft', sign: 'pause' });
    expect(over({ role: 'drawer' }, { proof: 'sent' } as object).tone).toBe('soft');
    expect(over({ role: 'display' }).tone).toBe('soft');
    expect(over({ role: 'box-pos' }).tone).toBe('good');
  });

  test('a scan shows its mask, its length and its kind', () => {
    const scan = { mask: '13****0001', charCount: 18, symbology: 'qr' };
    const said = over({ role: 'scanner' }, { scan } as object);
    expect(said.text).toBe('扫到了 13****0001，18 位，二维码');
  });

  test('a failure says its code in words', () => {
    const failed = { type: 'failed', atMs: nowMs, code: 'device-no-answer' } as const;
    expect(outcomeStatus(printer, failed, facts)).toMatchObject({
      tone: 'amber',
      text: 'code device-no-answer',
    });
  });

  test('a waiting scanner counts down, a printer in trouble says that the slip waits', () => {
    const at = { words: zh, nowMs };
    expect(waitingStatus({ ...printer, role: 'scanner' }, nowMs + 12_400, at).text).toContain(
      '13 秒',
    );
    expect(waitingStatus({ ...printer, role: 'scanner' }, nowMs - 5, at).text).toContain('0 秒');
    expect(waitingStatus({ ...printer, state: 'paper-out' }, null, at).text).toContain('排队');
  });
});

test('kinds of codes, by name or AIM identifier', () => {
  const kinds = ['qr', ']Q1', 'ean-13', ']E0', 'upc-a', 'code-128', undefined].map(codeKind);
  expect(kinds).toEqual(['qr', 'qr', 'product', 'product', 'product', 'bar', 'unknown']);
});

test('how it is attached is said in words; the port keeps its name', () => {
  expect(attachedText(printer, zh)).toBe('串口 /dev/ttyUSB0 9600');
  expect(attachedText({ ...printer, kind: 'keyboard', address: 'keyboard' }, zh)).toBe('键盘口');
  const drawer = { ...printer, kind: 'printer', address: 'printer tcp 10.0.0.9:9100' } as const;
  expect(attachedText(drawer, zh)).toBe('接在打印机上');
});

test('a display never answers, so nothing is said of when it did', () => {
  expect(lastSeenText({ ...printer, role: 'display', lastSeenMs: nowMs }, zh)).toBe('');
  expect(lastSeenText({ ...printer, lastSeenMs: nowMs }, zh)).toContain('14:32:07');
  expect(lastSeenText({ ...printer, role: 'scanner' }, zh)).toBe('还没扫过');
});

describe('probe', () => {
  const transport = { type: 'serial', path: '/dev/ttyUSB0', baudRate: 9600 } as const;
  const tried = [
    { baudRate: 115_200, code: 'device-no-answer' },
    { baudRate: 9600, code: null },
  ];

  test('an answer names its speed', () => {
    const said = probeStatus({ found: true, transport, tried }, 'printer', zh, 'zh');
    expect(said).toMatchObject({ tone: 'good', text: zh.devices.bind.probeYesAt(9600) });
  });

  test('silence is no refusal; a port that cannot be opened says why', () => {
    const silent = { found: false, transport, tried: tried.slice(0, 1) };
    expect(probeStatus(silent, 'printer', zh, 'zh').text).toBe(zh.devices.bind.probeNo);
    expect(probeStatus(silent, 'box-pos', zh, 'zh').text).toBe(zh.devices.bind.probeNoBox);
    const busy = { ...silent, tried: [{ baudRate: 9600, code: 'device-busy' }] };
    expect(probeStatus(busy, 'printer', zh, 'zh').text).toContain('占用');
  });
});
