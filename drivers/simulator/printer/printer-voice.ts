import type { FarSide } from '#drivers/core/far-side.ts';

/** How a simulated printer is heard: by every host that is connected at that moment. */
export interface PrinterVoice {
  readonly attach: (far: FarSide) => void;
  /** When nobody listens, the answer is lost as on a real line, or kept (the latest) for the next host. */
  readonly say: (bytes: readonly number[], whenUnheard: 'lost' | 'kept') => void;
  /** Power off: what was kept is gone. */
  readonly forget: () => void;
}

export function createPrinterVoice(deps: {
  readonly isSilent: () => boolean;
  readonly onBytes: (chunk: Uint8Array) => void;
}): PrinterVoice {
  const wires: { readonly far: FarSide; present: boolean }[] = [];
  let kept: readonly number[] | null = null;

  const isHeard = (): boolean => wires.some((wire) => wire.present);
  const send = (bytes: readonly number[]): void => {
    if (deps.isSilent()) return;
    for (const wire of wires) if (wire.present) wire.far.send(Uint8Array.from(bytes));
  };

  return {
    say: (bytes, whenUnheard) => {
      if (whenUnheard === 'kept' && !isHeard()) kept = bytes;
      else send(bytes);
    },
    attach: (far) => {
      const wire = { far, present: false };
      wires.push(wire);
      far.onBytes(deps.onBytes);
      far.onPresence((now) => {
        wire.present = now;
        if (!now || kept === null) return;
        const late = kept;
        kept = null;
        send(late);
      });
    },
    forget: () => {
      kept = null;
    },
  };
}
