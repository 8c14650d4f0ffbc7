import { errorCatalogue, type ErrorCode } from '#shared/errors/catalogue.ts';
import { en } from './en.ts';
import { zh, type Words } from './zh.ts';

export type Language = 'zh' | 'en';

export const wordsOf = (language: Language): Words => (language === 'zh' ? zh : en);

/** The words of a catalogue code. A code of a newer agent that this window does not know gets the general ones. */
export function errorWords(code: string, language: Language): string {
  const entry = isErrorCode(code) ? errorCatalogue[code] : errorCatalogue['input-invalid'];
  return entry[language];
}

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorCatalogue, code);

export const otherLanguage = (language: Language): Language => (language === 'zh' ? 'en' : 'zh');

/** The tag for the document and for speech. */
export const languageTag = (language: Language): string => (language === 'zh' ? 'zh-CN' : 'en');
