import type { ExceptionRow } from '#terminal/ipc/views.ts';
import { yuan } from '../format/money.ts';
import type { Words } from '../i18n/zh.ts';

/** Who bears it that the money never came, and what of it the platform pays the shop: perhaps not yet. */
export function lossWords(
  { bearer, coveredFen }: NonNullable<ExceptionRow['loss']>,
  words: Words,
): string {
  const who = words.today.lossBearer[bearer];
  return coveredFen > 0 ? `${who} · ${words.today.lossCovered(yuan(coveredFen))}` : who;
}
