import { useEffect, useRef } from 'react';
import { shownScreen } from '../desk/desk-machine.ts';
import { plainYuan } from '../format/money.ts';
import { languageTag } from '../i18n/language.ts';
import { announcementKey, announcementOf } from '../sound/announcement.ts';
import { createTonePlayer } from '../sound/tones.ts';
import { useApp, useTill } from './context.ts';

const tones = createTonePlayer(() => new AudioContext());
const warmUpMs = 300;

/** Tone and voice of each new result, once. A window that opens onto an old result stays quiet. */
export function useAnnouncements(): void {
  const { words, voice, preferences, language } = useApp();
  const { till, desk } = useTill();
  const lastKey = useRef<string | undefined>(undefined);
  useEffect(() => {
    const timer = setTimeout(() => tones.warmUp(), warmUpMs);
    return () => clearTimeout(timer);
  }, []);
  const screen = till ? shownScreen(desk, till) : undefined;
  const key = screen ? announcementKey(screen) : undefined;
  useEffect(() => {
    const first = lastKey.current === undefined;
    const again = lastKey.current === key;
    lastKey.current = key;
    if (!screen || first || again) return;
    const announcement = announcementOf(screen, words, plainYuan);
    if (!announcement) return;
    // The colour first: sound starts once the frame with the result is on its way.
    requestAnimationFrame(() => {
      tones.play(announcement.tone);
      if (preferences.voice) voice.say(announcement.text, languageTag(language));
    });
  });
}
