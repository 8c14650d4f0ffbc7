/** Speaks with the voices of this computer. Local voices only: nothing of a sale leaves the machine. */
export interface Voice {
  /** Whether a local voice for the language exists now; browsers load them late. */
  available(tag: string): boolean;
  say(text: string, tag: string): void;
}

const rate = 1.1;

export function createVoice(synthesis: SpeechSynthesis | undefined): Voice {
  const voiceFor = (tag: string): SpeechSynthesisVoice | undefined =>
    synthesis
      ?.getVoices()
      .find((voice) => voice.localService && voice.lang.replace('_', '-').startsWith(tag));
  return {
    available: (tag) => voiceFor(tag) !== undefined,
    say(text, tag) {
      const voice = voiceFor(tag);
      if (!synthesis || !voice) return;
      // The newest result is the only one worth hearing.
      synthesis.cancel();
      const utterance = new SpeechSynthesisUtterance(text);
      utterance.voice = voice;
      utterance.lang = voice.lang;
      utterance.rate = rate;
      synthesis.speak(utterance);
    },
  };
}
