import { blockReceived, listImages } from '#drivers/printer/encode/escpos-graphics.ts';
import {
  fitsLogo,
  keyTextOf,
  storeLogo,
  type StoredLogo,
} from '#drivers/printer/encode/stored-logo.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import type { PackedRaster, ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';
import { askFence, askIdentity } from '#drivers/printer/watch/printer-probe.ts';
import { identityKey } from '#drivers/printer/watch/profile-store.ts';

/** Which logo each printer keeps, by its identity ({@link identityKey}); durable, because the printer's memory is. */
export interface LogoStore {
  load(identity: string): StoredLogo | null;
  /** null: it keeps none that we know of. */
  save(identity: string, held: StoredLogo | null): void;
}

/**
 * Sees to it that a printer with memory for it keeps the logo of its receipts. A receipt calls the logo only on the
 * connection on which this very printer has just listed it: one that was swapped, or lost its memory, gets the logo
 * with each receipt until it keeps it too. Printers with no name of their own, or without a list, keep none.
 */
export interface LogoKeeper {
  /** What the printer on this line was proved to keep; null: the receipt carries its logo itself. */
  held(line: PrinterLine): StoredLogo | null;
  /** The logo of the latest receipt is the one to be kept. */
  want(commands: readonly ReceiptCommand[]): void;
  /** There is something to ask or to store when the printer has nothing else to do. */
  isDue(line: PrinterLine): boolean;
  /** `doubtful`: the printer may stand in the middle of an image that did not arrive whole. */
  tend(line: PrinterLine): Promise<'settled' | 'doubtful'>;
  /** The printer fell silent: it may be another one that answers next. */
  distrust(): void;
}

/** Such memory wears out: a printer that does not confirm is not asked again and again. */
const storesMax = 3;
/** 9600 baud, and the time to write the memory. */
const msPerByte = 10_000 / 9_600;
const storedAnswerMsMax = 10_000;
const listAnswerMsMax = 1_000;
/** Each lists 40 keys. */
const listBlocksMax = 8;

export function createLogoKeeper(deps: {
  readonly profile: Pick<PrinterProfile, 'logo'>;
  readonly port: string;
  /** Default: nothing is remembered, and nothing stored. */
  readonly store: LogoStore | undefined;
}): LogoKeeper {
  let wanted: PackedRaster | null = null;
  let proved: { readonly line: PrinterLine; readonly held: StoredLogo | null } | null = null;
  let storesLeft = storesMax;

  const store = async (
    line: PrinterLine,
    at: {
      readonly identity: string;
      readonly record: StoredLogo | null;
      readonly logos: LogoStore;
    },
  ): Promise<'settled' | 'doubtful'> => {
    const put = wanted === null || storesLeft === 0 ? null : storeLogo(wanted, at.record);
    if (put === null) return 'settled';
    storesLeft -= 1;
    // Whatever happens on the way, the old one is no longer to be called.
    at.logos.save(at.identity, null);
    proved = { line, held: null };
    // In one piece: a drawer kick in the middle would be taken for dots.
    const sent = await line.sendData(put.bytes);
    const answerMsMax = put.bytes.length * msPerByte + storedAnswerMsMax;
    if (!sent.ok || !(await askFence(line, answerMsMax))) return 'doubtful';
    const keys = await listKeys(line);
    if (keys?.has(keyTextOf(put.held)) !== true) return 'settled';
    at.logos.save(at.identity, put.held);
    proved = { line, held: put.held };
    return 'settled';
  };

  const tend = async (line: PrinterLine): Promise<'settled' | 'doubtful'> => {
    const logos = deps.store;
    if (logos === undefined) return 'settled';
    proved = { line, held: null };
    const who = await askIdentity(line, deps.port);
    const keys = who.serial === null && who.model === null ? null : await listKeys(line);
    if (keys === null) return 'settled';
    const identity = identityKey(who);
    const remembered = logos.load(identity);
    const record = remembered !== null && keys.has(keyTextOf(remembered)) ? remembered : null;
    proved = { line, held: record };
    return store(line, { identity, record, logos });
  };

  return {
    held: (line) => (proved?.line === line ? proved.held : null),
    want: (commands) => {
      const logo = commands.find((command) => command.type === 'logo');
      wanted = logo?.raster ?? wanted;
    },
    isDue: (line) => {
      if (deps.profile.logo !== 'stored' || deps.store === undefined || wanted === null)
        return false;
      if (proved?.line !== line) return true;
      return proved.held !== null && !fitsLogo(wanted, proved.held) && storesLeft > 0;
    },
    tend,
    distrust: () => {
      proved = null;
    },
  };
}

/** The keys of the images that the printer keeps; null when it does not say. */
async function listKeys(line: PrinterLine): Promise<ReadonlySet<string> | null> {
  const keys = new Set<string>();
  let question: readonly number[] = listImages;
  for (let block = 0; block < listBlocksMax; block += 1) {
    const answer = await line.ask({
      bytes: question,
      timeoutMs: listAnswerMsMax,
      match: (event) => (event.type === 'image-keys' ? event : null),
    });
    if (answer === null) return null;
    for (let at = 0; at < answer.keys.length; at += 2) keys.add(answer.keys.slice(at, at + 2));
    if (!answer.more) {
      await line.send(blockReceived);
      return keys;
    }
    question = blockReceived;
  }
  return null;
}
