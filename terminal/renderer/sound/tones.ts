import type { Tone } from './announcement.ts';

/** Notes of a tone: frequency in hertz, start and length in seconds. Rising is good, level is amber, falling is bad. */
interface Note {
  readonly hertz: number;
  readonly startS: number;
  readonly lengthS: number;
}

const notes: Readonly<Record<Tone, readonly Note[]>> = {
  good: [
    { hertz: 880, startS: 0, lengthS: 0.1 },
    { hertz: 1318.5, startS: 0.09, lengthS: 0.16 },
  ],
  amber: [
    { hertz: 587.3, startS: 0, lengthS: 0.12 },
    { hertz: 587.3, startS: 0.18, lengthS: 0.12 },
  ],
  bad: [
    { hertz: 311.1, startS: 0, lengthS: 0.16 },
    { hertz: 220, startS: 0.15, lengthS: 0.3 },
  ],
};

const volume = 0.22;
const fadeS = 0.015;

export interface TonePlayer {
  /** Opens the sound device ahead of the first result: opening it takes longer than a result may. */
  warmUp(): void;
  play(tone: Tone): void;
}

/** Plays tones through one audio context. Browsers keep it silent until the first touch or key. */
export function createTonePlayer(newContext: () => AudioContext): TonePlayer {
  let context: AudioContext | undefined;
  return {
    warmUp() {
      context ??= newContext();
    },
    play(tone) {
      context ??= newContext();
      if (context.state === 'suspended') void context.resume().catch(() => undefined);
      for (const note of notes[tone]) playNote(context, note);
    },
  };
}

function playNote(context: AudioContext, note: Note): void {
  const startS = context.currentTime + note.startS;
  const endS = startS + note.lengthS;
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = 'triangle';
  oscillator.frequency.value = note.hertz;
  gain.gain.setValueAtTime(0, startS);
  gain.gain.linearRampToValueAtTime(volume, startS + fadeS);
  gain.gain.setValueAtTime(volume, endS - fadeS);
  gain.gain.linearRampToValueAtTime(0, endS);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(startS);
  oscillator.stop(endS);
}
