import { useEffect, useRef } from 'react';
import { shownScreen } from '../desk/desk-machine.ts';
import { plainYuan } from '../format/money.ts';
import { languageTag } from '../i18n/language.ts';
import { announcementKey, announcementOf } from '../sound/announcement.ts';
import { createTonePlayer } from '../sound/tones.ts';
import { useApp, useTill } from './context.ts';

const playTone = createTonePlayer(() => new AudioContext());

/** Tone and voice of each new result, once. A window that opens onto an old result stays quiet. */
export function useAnnouncements(): void {
  const { words, voice, preferences, language } = useApp();
  const { till, desk } = useTill();
  const lastKey = useRef<string | undefined>(undefined);
  const screen = till ? shownScreen(desk, till) : undefined;
  const key = screen ? announcementKey(screen) : undefined;
  useEffect(() => {
    const first = lastKey.current === undefined;
    const again = lastKey.current === key;
    lastKey.current = key;
    if (!screen || first || again) return;
    const announcement = announcementOf(screen, words, plainYuan);
    if (!announcement) return;
    playTone(announcement.tone);
    if (preferences.voice) voice.say(announcement.text, languageTag(language));
  });
}
