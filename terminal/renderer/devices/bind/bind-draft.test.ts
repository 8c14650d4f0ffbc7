import { Compile } from 'typebox/compile';
import { describe, expect, test } from 'vitest';
import {
  CandidateSchema,
  DeviceConfigSchema,
  DeviceDetailSchema,
  ProbeRequestSchema,
} from '#terminal/ipc/devices.ts';
import { createScriptedTill } from '../../testing/scripted-till.ts';
import { fiveDevices, fiveTroubles, pluggedIn } from '../../testing/sample-devices.ts';
import { nowMs } from '../../testing/sample-screens.ts';
import {
  atSpeed,
  configOf,
  draftByHand,
  draftOfBound,
  draftOfCandidate,
  faultOf,
  probeOf,
  rolesOf,
  typedHost,
  withProbed,
  withProfile,
  type BindDraft,
} from './bind-draft.ts';

const config = Compile(DeviceConfigSchema);
const probe = Compile(ProbeRequestSchema);
const [cable, hidScanner, noDriver] = pluggedIn as [
  (typeof pluggedIn)[number],
  (typeof pluggedIn)[number],
  (typeof pluggedIn)[number],
];
const printer: BindDraft = { ...draftOfCandidate(cable)!, name: ' 前台 ' };
const network: BindDraft = { ...draftByHand('tcp'), host: ' 10.0.0.9 ' };

async function details() {
  const till = createScriptedTill(() => nowMs);
  till.setStatus({ devices: [...fiveDevices] });
  for (const [view, known] of fiveTroubles) till.devices.set(view.role, known);
  const answer = await till.api.call('devices.list', {});
  return answer.ok ? answer.value.devices : [];
}

test('what the scripted devices answer fits the contract', async () => {
  const detail = Compile(DeviceDetailSchema);
  const all = await details();
  expect(all.map((each) => [each.role, detail.Check(each)])).toEqual(
    fiveDevices.map(({ role }) => [role, true]),
  );
  expect(pluggedIn.map((each) => Compile(CandidateSchema).Check(each))).toEqual([true, true, true]);
});

describe('a draft begins', () => {
  test('with the suggested role, the only role there is, or none', () => {
    expect(printer.role).toBe('printer');
    expect(draftOfCandidate(hidScanner)?.role).toBe('scanner');
    expect(draftOfCandidate({ ...cable, suggestion: null })?.role).toBeNull();
    expect(draftByHand('keyboard').role).toBe('scanner');
    expect(draftByHand('printer').role).toBe('drawer');
  });

  test('not at all for what cannot be opened', () => {
    expect(draftOfCandidate(noDriver)).toBeNull();
  });

  test('with a suggestion that its wire cannot serve left out', () => {
    const odd = { ...hidScanner, suggestion: { ...cable.suggestion!, role: 'printer' as const } };
    expect(draftOfCandidate(odd)?.role).toBe('scanner');
  });
});

describe('a draft becomes a binding that the contract takes', () => {
  test('for every wire and every role it can have', () => {
    const wires = [
      printer.wire,
      { type: 'tcp', host: '', port: 1 },
      { type: 'usb-lp', path: '/dev/usb/lp0' },
      { type: 'hid', path: '/dev/hidraw0' },
      { type: 'keyboard' },
      { type: 'printer' },
    ] as const;
    for (const wire of wires)
      for (const role of rolesOf(wire)) {
        const draft = { ...network, wire, role, appId: 'wz-1' };
        const made = configOf(draft, '名字');
        expect(made.ok && config.Check(made.value), `${wire.type} ${role}`).toBe(true);
        const asked = probeOf(draft);
        expect(asked === null || probe.Check(asked), `probe ${wire.type} ${role}`).toBe(true);
      }
  });

  test('with its name trimmed, or that of its role', () => {
    expect(configOf(printer, '打印机')).toMatchObject({ value: { name: '前台' } });
    expect(configOf({ ...printer, name: '  ' }, '打印机')).toMatchObject({
      value: { name: '打印机' },
    });
  });

  test('with the paper when the model is not known, and the model alone when it is', () => {
    expect(configOf({ ...printer, paperMm: 58 }, 'x')).toMatchObject({ value: { paperMm: 58 } });
    const known = configOf({ ...printer, profileId: 'xprinter-xp-58' }, 'x');
    expect(known.ok && known.value).not.toHaveProperty('paperMm');
    expect(known).toMatchObject({ value: { profileId: 'xprinter-xp-58' } });
  });

  test('with an app id where the protocol needs one, and nowhere else', () => {
    const box = { ...printer, role: 'box-pos', appId: ' wz-1 ' } as const;
    expect(configOf(box, 'x')).toMatchObject({ value: { protocol: 'ecr-hub', appId: 'wz-1' } });
    const other = configOf({ ...box, protocol: 'transbank' }, 'x');
    expect(other.ok && other.value).not.toHaveProperty('appId');
  });
});

describe('what is missing is named', () => {
  test.each([
    [{ ...printer, role: null }, 'role'],
    [{ ...network, host: '' }, 'host'],
    [{ ...network, host: 'my printer' }, 'host'],
    [{ ...network, host: 'http://10.0.0.9' }, 'host'],
    [{ ...network, port: '0' }, 'port'],
    [{ ...network, port: '65536' }, 'port'],
    [{ ...network, port: '9 100' }, 'port'],
    [{ ...printer, role: 'box-pos' as const }, 'appId'],
    [network, null],
    [printer, null],
  ])('%#', (draft, fault) => {
    expect(faultOf(draft)).toBe(fault);
    expect(configOf(draft, 'x').ok).toBe(fault === null);
  });
});

test('an address typed with its port fills both; a name or an IPv6 address stays whole', () => {
  expect(typedHost('192.168.1.87:9100')).toEqual({ host: '192.168.1.87', port: '9100' });
  expect(typedHost('192.168.1.87：9100')).toEqual({ host: '192.168.1.87', port: '9100' });
  expect(typedHost('printer.local')).toEqual({ host: 'printer.local' });
  expect(typedHost('fe80::1')).toEqual({ host: 'fe80::1' });
});

test('only printers and boxes that are not bound yet are asked', () => {
  expect(probeOf(printer)).toMatchObject({ as: 'printer' });
  expect(probeOf({ ...printer, role: 'scanner' })).toBeNull();
  expect(probeOf({ ...printer, role: 'display' })).toBeNull();
  expect(probeOf({ ...printer, isChange: true })).toBeNull();
});

test('the speed that answered is kept, and the usual one asked for again', () => {
  const found = withProbed(printer, { type: 'serial', path: '/dev/ttyUSB2', baudRate: 19_200 });
  expect(configOf(found, 'x')).toMatchObject({ value: { transport: { baudRate: 19_200 } } });
  expect(atSpeed(found.wire, null)).toEqual({ type: 'serial', path: '/dev/ttyUSB2' });
  expect(withProbed(network, { type: 'tcp', host: 'a', port: 1 })).toBe(network);
});

test('a bound device comes back from its draft as it was', async () => {
  for (const device of await details()) {
    const again = configOf(draftOfBound(device), 'x');
    const paper = device.role === 'printer' ? { paperMm: 80 } : {};
    expect(again).toEqual({ ok: true, value: { ...device.config, ...paper } });
  }
});

test('another model replaces the paper as well; what is no printer stays as it is', async () => {
  const all = await details();
  const one = all.find(({ role }) => role === 'printer')!.config;
  expect(withProfile({ ...one, paperMm: 58 } as typeof one, 'generic-80')).toEqual({
    ...one,
    profileId: 'generic-80',
  });
  const scanner = all.find(({ role }) => role === 'scanner')!.config;
  expect(withProfile(scanner, 'generic-80')).toBe(scanner);
});
