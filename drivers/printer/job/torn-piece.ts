import { encodeReceipt } from '#drivers/printer/encode/encode-escpos.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import type { PrinterLine } from '#drivers/printer/status/printer-line.ts';

/** What hangs in the printer is proved unfinished: says so on its own paper and cuts it off. */
export async function voidTornPiece(line: PrinterLine, profile: PrinterProfile): Promise<void> {
  const notice = encodeReceipt(
    [
      { type: 'feed', lines: 1 },
      { type: 'text', text: '以上未打完，作废', align: 'center', size: 'double', bold: true },
      { type: 'text', text: 'INCOMPLETE - VOID', align: 'center' },
      { type: 'cut' },
    ],
    profile,
  );
  if (!notice.ok) return;
  for (const segment of notice.value.segments) await line.sendData(segment);
}
