import type { Language } from '../i18n/language.ts';

/** What this window remembers. Nothing of a sale is ever kept here. */
export interface Preferences {
  readonly language: Language;
  readonly voice: boolean;
}

const key = 'greentill.preferences';
const defaults: Preferences = { language: 'zh', voice: true };

/** Storage may be refused or hold anything: then the defaults are used. */
export function readPreferences(storage: Pick<Storage, 'getItem'>): Preferences {
  try {
    return parsePreferences(JSON.parse(storage.getItem(key) ?? '{}'));
  } catch {
    return defaults;
  }
}

export function writePreferences(
  storage: Pick<Storage, 'setItem'>,
  preferences: Preferences,
): void {
  try {
    storage.setItem(key, JSON.stringify(preferences));
  } catch {
    // A full or forbidden storage only means that the next start asks again.
  }
}

function parsePreferences(value: unknown): Preferences {
  const record = typeof value === 'object' && value !== null ? value : {};
  const language = 'language' in record && record.language === 'en' ? 'en' : defaults.language;
  const voice = 'voice' in record && record.voice === false ? false : defaults.voice;
  return { language, voice };
}
