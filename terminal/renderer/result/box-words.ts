import { errorCatalogue } from '#shared/errors/catalogue.ts';
import type { Screen } from '#terminal/ipc/state.ts';
import type { Words } from '../i18n/zh.ts';
import { isErrorCode, wordsOf, type Language } from '../i18n/language.ts';

type BoxWaiting = Extract<Screen, { type: 'box-waiting' }>;

/**
 * What the screen of a sale at the box says besides its title. Money may have been taken, so words that say "not
 * charged" are never used here, whatever code arrives: the agent hands on only codes that are true of an open sale, and
 * this looks once more.
 */
export function boxLine(
  { phase, code, mayLeave }: Pick<BoxWaiting, 'phase' | 'code' | 'mayLeave'>,
  language: Language,
): string {
  const { lines } = wordsOf(language).box;
  if (mayLeave) return lines.leave;
  if (code === undefined || !isErrorCode(code)) return lines[phase];
  const { retry, actor } = errorCatalogue[code];
  const isTrueOfOpen = retry === 'query' || actor === 'owner' || code.startsWith('device-');
  return isTrueOfOpen ? errorCatalogue[code][language] : lines[phase];
}

/** Sent? acknowledged? answered? asked how often? Each in words, so that no colour has to be told apart. */
export function boxSteps(
  { sent, acknowledged, answered, queryCount }: BoxWaiting,
  words: Words['box'],
): readonly { readonly text: string; readonly isDone: boolean }[] {
  return [
    sent === null
      ? { text: words.sentBefore, isDone: true }
      : { text: sent ? words.sent : words.notSent, isDone: sent },
    ...(acknowledged === null
      ? []
      : [
          {
            text: acknowledged ? words.acknowledged : words.notAcknowledged,
            isDone: acknowledged,
          },
        ]),
    { text: answered ? words.answered : words.notAnswered, isDone: answered },
    {
      text: queryCount > 0 ? words.asked(queryCount) : words.notAsked,
      isDone: queryCount > 0,
    },
  ];
}
