import { errorCatalogue } from '#shared/errors/catalogue.ts';
import type { Screen } from '#terminal/ipc/state.ts';
import { isErrorCode, wordsOf, type Language } from '../i18n/language.ts';

type Waiting = Pick<Extract<Screen, { type: 'waiting' }>, 'phase' | 'code'>;

const offlineCode = 'result-not-known-offline';

/**
 * What the waiting screen says. Money may have been taken, so the words of a failed request ("nothing was charged")
 * are never used here, whatever code arrives: only codes whose rule is "ask for the result first" speak, and a line
 * that is down has words of its own.
 */
export function waitingWords(
  { phase, code }: Waiting,
  { language, online }: { readonly language: Language; readonly online: boolean },
): { readonly title: string; readonly line: string } {
  const { waiting } = wordsOf(language);
  const speaks = code !== undefined && isErrorCode(code) && errorCatalogue[code].retry === 'query';
  const isDown = !online || code === offlineCode;
  const title = waiting[isDown && phase !== 'cancelling' ? 'unknown' : phase];
  if (isDown) return { title, line: errorCatalogue[offlineCode][language] };
  return { title, line: speaks ? errorCatalogue[code][language] : waiting.lines[phase] };
}
