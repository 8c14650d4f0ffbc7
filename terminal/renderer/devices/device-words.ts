import type { DeviceDetail, DeviceTest } from '#terminal/ipc/devices.ts';
import { printedLevelMin } from '#terminal/ipc/printed-level.ts';
import type { IconName } from '../ui/icon.tsx';
import { secondsText, secondsUntil } from '../format/time.ts';
import type { Words } from '../i18n/zh.ts';

export type Tone = 'good' | 'amber' | 'bad' | 'soft';

/** A line that says how something stands: words, a colour, and a sign for those who do not see the colour. */
export interface StatusText {
  readonly tone: Tone;
  readonly sign: IconName;
  readonly text: string;
}

/** Only what is watched may be called well: of a keyboard scanner nobody knows whether it is there. */
export function deviceStatus(device: DeviceDetail, words: Words): StatusText {
  if (device.state !== 'online' || isBlocked(device))
    return { tone: 'amber', sign: 'alert', text: troubleOf(device, words) };
  if (!device.watched) return { tone: 'soft', sign: 'pause', text: words.devices.unwatched };
  return { tone: 'good', sign: 'check', text: words.device.online };
}

/** It is there, and something is wrong all the same. */
export const isBlocked = ({ state, code }: DeviceDetail): boolean =>
  state === 'online' && code !== undefined;

const troubleOf = ({ state }: DeviceDetail, words: Words): string =>
  words.device[state === 'online' ? 'error' : state];

/** What to do, most telling first: codes of the catalogue and states with advice of their own. */
export interface Advice {
  readonly code?: string;
  readonly state?: Exclude<DeviceDetail['state'], 'online'>;
  readonly group?: string;
}

/** Codes that say all there is to do; plugging and switching would not help. */
const completeCodes: ReadonlySet<string> = new Set([
  'printer-missing',
  'device-permission',
  'device-busy',
  'device-driver-missing',
  'device-library-missing',
]);

/** null: all is well, nothing to do. */
export function adviceOf({ state, code, group }: DeviceDetail): Advice | null {
  if (code === 'device-permission' && group !== undefined) return { code, group };
  if (code !== undefined && (completeCodes.has(code) || state === 'online')) return { code };
  if (state === 'online') return null;
  // The state itself says it better than the code of the same name.
  if (state !== 'offline' && state !== 'error') return { state };
  return code === undefined ? { state } : { code, state };
}

/** What its answers prove. */
export function provedBy(device: DeviceDetail, words: Words): string {
  const { proves } = words.devices;
  if (device.role === 'scanner' && device.kind === 'keyboard') return proves.keyboard;
  if (device.role === 'drawer')
    return device.drawer === 'open' || device.drawer === 'closed'
      ? proves.drawer
      : proves.drawerUnknown;
  return device.role === 'printer'
    ? (words.devices.proofWords[device.confidence ?? 0] ?? '')
    : proves[device.role];
}

export const proofOf = (confidence: number): 'printed' | 'sent' =>
  confidence >= printedLevelMin ? 'printed' : 'sent';

/** "串口 /dev/ttyUSB0 115200": the way it is attached in words, then the name of the port. */
export function attachedText({ kind, address }: DeviceDetail, words: Words): string {
  const name = kind === 'printer' ? '' : address.split(' ').slice(1).join(' ');
  return `${words.devices.kind[kind]} ${name}`.trim();
}

/** What a test that runs is waiting for. */
export function waitingStatus(
  { role, state }: DeviceDetail,
  untilMs: number | null,
  { words, nowMs }: { readonly words: Words; readonly nowMs: number },
): StatusText {
  const { testWaits } = words.devices;
  const text =
    role === 'scanner'
      ? testWaits.scanner(secondsUntil(untilMs ?? nowMs, nowMs))
      : role === 'printer' && state !== 'online'
        ? testWaits.printerHeld
        : testWaits[role];
  return { tone: 'soft', sign: 'pause', text };
}

/** "14:32:05 回应", or that there was nothing yet; empty for what never answers. */
export function lastSeenText({ role, lastSeenMs }: DeviceDetail, { devices }: Words): string {
  if (role === 'display') return '';
  const { scanned, answered, notYet } = devices.seen;
  if (lastSeenMs === undefined) return role === 'scanner' ? notYet.scanner : notYet.other;
  const time = secondsText(lastSeenMs);
  return role === 'scanner' ? scanned(time) : answered(time);
}

/** How a test ended. `problem` puts a code of the catalogue into words. */
export function outcomeStatus(
  device: DeviceDetail,
  test: Exclude<DeviceTest, { type: 'waiting' }>,
  { words, problem }: { readonly words: Words; readonly problem: (code: string) => string },
): StatusText {
  return test.type === 'failed'
    ? { tone: 'amber', sign: 'alert', text: problem(test.code) }
    : passedSaid(device, test, words);
}

const proved = (text: string): StatusText => ({ tone: 'good', sign: 'check', text });

/** A person has to look: no answer can tell. */
const toLook = (text: string): StatusText => ({ tone: 'soft', sign: 'pause', text });

function passedSaid(
  { role }: DeviceDetail,
  { proof, scan }: Extract<DeviceTest, { type: 'passed' }>,
  { devices }: Words,
): StatusText {
  const { testPassed } = devices;
  switch (role) {
    case 'scanner':
      return scan === undefined
        ? proved(devices.proves.scanner)
        : proved(
            testPassed.scanner(scan.mask, scan.charCount, devices.code[codeKind(scan.symbology)]),
          );
    case 'printer':
      return proof === 'printed' ? proved(testPassed.printed) : toLook(testPassed.sent);
    case 'drawer':
      return proof === 'printed' ? proved(testPassed.drawer) : toLook(testPassed.drawerSent);
    case 'display':
      return toLook(testPassed.display);
    case 'box-pos':
      return proved(testPassed['box-pos']);
  }
}

/** The kinds of codes that a shop tells apart, by the name of the symbology or by its AIM identifier ("]Q1"). */
export function codeKind(symbology: string | undefined): 'qr' | 'product' | 'bar' | 'unknown' {
  if (symbology === undefined) return 'unknown';
  if (/qr|^\]Q/.test(symbology)) return 'qr';
  return /^(ean|upc|\]E)/.test(symbology) ? 'product' : 'bar';
}
