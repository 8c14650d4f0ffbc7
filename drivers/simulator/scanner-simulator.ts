import type { FarSide } from '#drivers/core/far-side.ts';
import type { Timers } from '#drivers/core/timers.ts';

export interface ScannerSimulatorDeps {
  readonly timers: Timers;
  /** Text before each code, e.g. '\x02'; default none. */
  readonly prefix?: string;
  /** How a code ends; default CR. 'none' relies on the silence after it, 'tab' too. */
  readonly suffix?: 'cr' | 'lf' | 'crlf' | 'tab' | 'none';
  /** Sent before the code, e.g. ']Q1'; default none. */
  readonly aimId?: string;
  /** Bytes per chunk; default all at once. */
  readonly chunkBytes?: number;
  /** Pause between chunks in ms; default 0. */
  readonly chunkPauseMs?: number;
  readonly encoding?: 'utf8' | 'latin1';
}

/** A scanner at the far end of a wire: it types codes as a real one would. */
export interface ScannerSimulator {
  attach(far: FarSide): void;
  scan(code: string): void;
  /** Bytes as they are: noise, torn codes. */
  sendRaw(bytes: Uint8Array): void;
}

const suffixes = { cr: '\r', lf: '\n', crlf: '\r\n', tab: '\t', none: '' } as const;

export function createScannerSimulator(deps: ScannerSimulatorDeps): ScannerSimulator {
  const wires: FarSide[] = [];
  const send = (chunk: Uint8Array): void => {
    for (const far of wires) far.send(chunk);
  };
  const type = (bytes: Uint8Array): void => {
    const step = deps.chunkBytes ?? bytes.length;
    for (let start = 0; start < bytes.length; start += step) {
      const chunk = bytes.subarray(start, start + step);
      const delayMs = (start / step) * (deps.chunkPauseMs ?? 0);
      if (delayMs === 0) send(chunk);
      else deps.timers.after(delayMs, () => send(chunk));
    }
  };
  return {
    attach: (far) => void wires.push(far),
    scan: (code) => {
      const text = (deps.prefix ?? '') + (deps.aimId ?? '') + code + suffixes[deps.suffix ?? 'cr'];
      type(Buffer.from(text, deps.encoding ?? 'utf8'));
    },
    sendRaw: type,
  };
}
