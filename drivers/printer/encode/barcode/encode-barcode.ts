import { assert } from '#shared/result/assert.ts';
import {
  barcodeHeightDotsDefault,
  planBarcode,
  type BarcodePlan,
} from '#drivers/printer/encode/barcode/barcode-plan.ts';
import {
  barcodeHeader,
  barcodeHeight,
  barcodeModule,
  escposGraphics,
} from '#drivers/printer/encode/escpos-graphics.ts';
import { linesOfRaster, putRaster } from '#drivers/printer/encode/images.ts';
import { plainStyle, type Pen } from '#drivers/printer/encode/pen.ts';
import { packRaster } from '#drivers/printer/receipt/raster.ts';
import type { BarcodeCommand } from '#drivers/printer/receipt/receipt.ts';
import { toPrintable, widthOf } from '#drivers/printer/receipt/text-gb18030.ts';

/** By GS k, or as a raster with its text in a line of its own. The rules have judged the command before. */
export function encodeBarcode(pen: Pen, command: BarcodeCommand): void {
  const plan = planBarcode(command, pen.profile);
  assert(!('fault' in plan), () => `barcode ${JSON.stringify(plan)}`);
  const heightDots = command.heightDots ?? barcodeHeightDotsDefault;
  const readable = command.readable ?? true;
  pen.align('center');
  if (pen.profile.barcode === 'raster') return drawBars(pen, plan, { heightDots, readable });
  const { writer } = pen;
  writer.put(barcodeHeight(heightDots));
  writer.put(barcodeModule(plan.moduleDots));
  writer.put(readable ? escposGraphics.barcodeTextBelow : escposGraphics.barcodeTextNone);
  if (readable) writer.put(escposGraphics.barcodeTextFontA);
  writer.putWhole(barcodeHeader(command.symbology, plan.bytes.length), plan.bytes);
  pen.countLines(linesOfRaster(heightDots) + (readable ? 1 : 0));
}

function drawBars(
  pen: Pen,
  plan: BarcodePlan,
  { heightDots, readable }: { readonly heightDots: number; readonly readable: boolean },
): void {
  const bars = plan.bars();
  const raster = packRaster({
    widthDots: bars.length * plan.moduleDots,
    heightDots,
    isBlack: (x) => bars[(x / plan.moduleDots) | 0] === '1',
  });
  putRaster(pen.writer, raster);
  pen.countLines(linesOfRaster(heightDots));
  const text = toPrintable(plan.text);
  if (readable && widthOf(text) <= pen.profile.columns) pen.line(text, plainStyle);
}
