import type { ProbeAnswer, ProbeRequest } from '#terminal/ipc/devices.ts';
import { errorWords, type Language } from '../../i18n/language.ts';
import type { Words } from '../../i18n/zh.ts';
import type { StatusText } from '../device-words.ts';

/** What a probe found out. A port that could not be opened says why; silence is no proof that nothing is there. */
export function probeStatus(
  { found, transport, tried }: ProbeAnswer,
  as: ProbeRequest['as'],
  { devices: { bind } }: Words,
  language: Language,
): StatusText {
  if (found) {
    const speed = transport.type === 'serial' ? transport.baudRate : undefined;
    const text = speed === undefined ? bind.probeYes : bind.probeYesAt(speed);
    return { tone: 'good', sign: 'check', text };
  }
  const fault = tried.map(({ code }) => code).find(isFault);
  const silent = as === 'printer' ? bind.probeNo : bind.probeNoBox;
  const text = fault === undefined ? silent : errorWords(fault, language);
  return { tone: 'amber', sign: 'alert', text };
}

const isFault = (code: string | null): code is string =>
  code !== null && code !== 'device-no-answer';
