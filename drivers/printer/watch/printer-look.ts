import { escpos } from '#drivers/printer/encode/escpos-bytes.ts';
import {
  afterReading,
  takenAsSendOnly,
  type PrinterKnowledge,
} from '#drivers/printer/watch/printer-knowledge.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';
import { probePrinter } from '#drivers/printer/watch/printer-probe.ts';
import { identityKey, remember, type ProfileStore } from '#drivers/printer/watch/profile-store.ts';

/** One look at an idle printer: is it there, can it print, who is it, and does it tell its changes by itself? */
export interface PrinterLook {
  /** `never`: nothing can be asked of this printer. `restart`: it fell silent, give the connection up. */
  at(line: PrinterLine): Promise<'again' | 'never' | 'restart'>;
  /** A new connection, or a job in between: the printer may have forgotten that it is to tell its changes. */
  forgetLine(): void;
  /** A job went unconfirmed for no reason that can be seen: what was remembered of this printer may be another's. */
  distrust(): void;
}

/** Silent readings (two unanswered questions each) before the connection is given up. */
const silentReadingsMax = 3;

export function createPrinterLook(deps: {
  readonly port: string;
  readonly store: ProfileStore;
  readonly isBusy: () => boolean;
  readonly isLine: (line: PrinterLine) => boolean;
  readonly known: () => PrinterKnowledge;
  readonly learn: (known: PrinterKnowledge) => void;
}): PrinterLook {
  let told = false;
  let remembered = false;
  let trusted = true;
  const load: ProfileStore['load'] = (key) => (trusted ? deps.store.load(key) : null);

  const learnWho = async (line: PrinterLine): Promise<void> => {
    if (deps.known().reading?.condition !== 'ready' || deps.isBusy()) {
      if (!deps.known().everAnswered) deps.learn(takenAsSendOnly(deps.known()));
      return;
    }
    const { capabilities, identity, from } = await probePrinter(line, { load, port: deps.port });
    // A probe that broke off, or that met the end of the roll, proves nothing: the next look starts over.
    const { condition } = await line.condition();
    if (!deps.isLine(line) || condition !== 'ready') return;
    remembered = from === 'remembered';
    if (!remembered) {
      remember(deps.store, { identity: identityKey(identity), capabilities, doubted: !trusted });
    }
    deps.learn({ ...deps.known(), capabilities, model: identity.model });
  };

  /** ESC @ at the head of a receipt switches it off again, so this is asked after every job. */
  const switchOnTelling = async (line: PrinterLine): Promise<void> => {
    if (told || deps.known().capabilities?.autoStatus !== true || deps.isBusy()) return;
    told = true;
    await line.send(escpos.autoStatusOn);
  };

  return {
    at: async (line) => {
      const asks = (): boolean => deps.known().capabilities?.realTimeStatus !== false;
      if (asks()) {
        const reading = await line.condition();
        if (!deps.isLine(line)) return 'never';
        deps.learn(afterReading(deps.known(), reading));
      }
      if (deps.known().capabilities === null) await learnWho(line);
      if (!deps.isLine(line)) return 'never';
      await switchOnTelling(line);
      if (deps.known().silentCount < silentReadingsMax) return asks() ? 'again' : 'never';
      deps.learn({ ...deps.known(), silentCount: 0 });
      return 'restart';
    },
    forgetLine: () => {
      told = false;
    },
    distrust: () => {
      if (!remembered) return;
      trusted = false;
      remembered = false;
      deps.learn({ ...deps.known(), capabilities: null });
    },
  };
}
