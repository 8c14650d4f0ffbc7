import { createRequire } from 'node:module';
import { crc32, deflateSync } from 'node:zlib';
import iconv from 'iconv-lite';

/** The same receipt through each library from npm, used as its manual says. */
export interface ReceiptPeer {
  readonly name: string;
  /** `receipt.logo` null leaves the picture out. */
  encode(receipt: PeerReceipt): Promise<Uint8Array>;
}

export interface PeerReceipt {
  readonly lines: readonly string[];
  readonly qrText: string;
  readonly logo: PeerLogo | null;
}

export interface PeerLogo {
  readonly width: number;
  readonly height: number;
  /** Four bytes per dot. */
  readonly rgba: Uint8Array;
  readonly png: Buffer;
}

/** A black-and-white picture in the two forms that the libraries take. */
export function createPeerLogo(picture: {
  readonly width: number;
  readonly height: number;
  readonly isBlack: (x: number, y: number) => boolean;
}): PeerLogo {
  const { width, height, isBlack } = picture;
  const rgba = new Uint8Array(width * height * 4);
  for (let dot = 0; dot < width * height; dot += 1) {
    const shade = isBlack(dot % width, (dot / width) | 0) ? 0 : 255;
    rgba.set([shade, shade, shade, 255], dot * 4);
  }
  return { width, height, rgba, png: pngOf(width, height, rgba) };
}

export function createPeers(): readonly ReceiptPeer[] {
  return [
    escposPeer('escpos 2.5.2', require('escpos') as EscposModule, (module) => module.Printer),
    escposPeer(
      '@node-escpos/core 0.6.0',
      require('@node-escpos/core') as EscposModule,
      (module) => module.Printer,
    ),
    thermalPrinterPeer(),
    receiptlinePeer(),
    pointOfSalePeer(),
  ];
}

const require = createRequire(import.meta.url);

interface EscposPrinter {
  align(side: string): EscposPrinter;
  text(text: string): EscposPrinter;
  qrcode(text: string, version: number, level: string, size: number): EscposPrinter;
  raster(image: object): EscposPrinter;
  cut(): EscposPrinter;
  flush(done?: () => void): unknown;
}
type EscposPrinterClass = new (adapter: object, options: object) => EscposPrinter;
interface EscposModule {
  readonly Printer: EscposPrinterClass;
  readonly Image: new (pixels: object) => object;
}

function escposPeer(
  name: string,
  module: EscposModule,
  printerOf: (module: EscposModule) => EscposPrinterClass,
): ReceiptPeer {
  const Printer = printerOf(module);
  return {
    name,
    encode: async ({ lines, qrText, logo }) => {
      const written: Uint8Array[] = [];
      const adapter = {
        write: (bytes: Uint8Array, done?: () => void) => {
          written.push(Uint8Array.from(bytes));
          done?.();
        },
      };
      const printer = new Printer(adapter, { encoding: 'GB18030' });
      printer.align('ct');
      if (logo !== null) {
        const pixels = { data: logo.rgba, shape: [logo.width, logo.height, 4] };
        printer.raster(new module.Image(pixels));
      }
      printer.align('lt');
      for (const line of lines) printer.text(line);
      printer.align('ct').qrcode(qrText, 6, 'm', 6);
      printer.cut();
      await printer.flush();
      return Buffer.concat(written);
    },
  };
}

interface ThermalPrinter {
  alignCenter(): void;
  alignLeft(): void;
  println(text: string): void;
  printQR(text: string, options: object): void;
  printImageBuffer(png: Buffer): Promise<unknown>;
  cut(): void;
  getBuffer(): Buffer;
}

function thermalPrinterPeer(): ReceiptPeer {
  const module = require('node-thermal-printer') as {
    readonly printer: new (options: object) => ThermalPrinter;
  };
  return {
    name: 'node-thermal-printer 4.6.1',
    encode: async ({ lines, qrText, logo }) => {
      const printer = new module.printer({
        type: 'epson',
        interface: 'tcp://127.0.0.1:9',
        characterSet: 'CHINA',
        width: 32,
      });
      printer.alignCenter();
      if (logo !== null) await printer.printImageBuffer(logo.png);
      printer.alignLeft();
      for (const line of lines) printer.println(line);
      printer.alignCenter();
      printer.printQR(qrText, { cellSize: 6, correction: 'M', model: 2 });
      printer.cut();
      return printer.getBuffer();
    },
  };
}

function receiptlinePeer(): ReceiptPeer {
  const module = require('receiptline') as {
    readonly transform: (document: string, printer: object) => string;
  };
  const printer = { cpl: 32, encoding: 'gb18030', command: 'escpos', cutting: true };
  return {
    name: 'receiptline 4.0.4',
    encode: ({ lines, qrText, logo }) => {
      const picture = logo === null ? [] : [`{i:${logo.png.toString('base64')}}`];
      const body = lines.map((line) => `${line} |`);
      const document = [...picture, ...body, `{c:${qrText};o:qrcode,6,m}`, '='].join('\n');
      return Promise.resolve(Buffer.from(module.transform(document, printer), 'latin1'));
    },
  };
}

interface PointOfSaleEncoder {
  initialize(): PointOfSaleEncoder;
  align(side: string): PointOfSaleEncoder;
  image(image: object, width: number, height: number, algorithm: string): PointOfSaleEncoder;
  raw(bytes: Uint8Array): PointOfSaleEncoder;
  qrcode(text: string, options: object): PointOfSaleEncoder;
  cut(): PointOfSaleEncoder;
  encode(): Uint8Array;
}

/** It knows no GB18030: the text goes through `raw`, converted as ours is. */
function pointOfSalePeer(): ReceiptPeer {
  const module = require('@point-of-sale/receipt-printer-encoder') as
    | (new (options: object) => PointOfSaleEncoder)
    | { readonly default: new (options: object) => PointOfSaleEncoder };
  const Encoder = typeof module === 'function' ? module : module.default;
  return {
    name: '@point-of-sale/receipt-printer-encoder 4.0.1',
    encode: ({ lines, qrText, logo }) => {
      const encoder = new Encoder({ language: 'esc-pos', columns: 32, imageMode: 'raster' });
      encoder.initialize().align('center');
      if (logo !== null) {
        const image = { width: logo.width, height: logo.height, data: logo.rgba };
        encoder.image(image, logo.width, logo.height, 'threshold');
      }
      // Its initialisation leaves the Chinese mode: FS & brings it back.
      encoder.align('left').raw(Uint8Array.of(0x1c, 0x26));
      for (const line of lines) {
        encoder.raw(iconv.encode(`${line.replaceAll('¥', '￥')}\n`, 'gb18030'));
      }
      encoder.qrcode(qrText, { model: 2, size: 6, errorlevel: 'm' }).cut();
      return Promise.resolve(encoder.encode());
    },
  };
}

function chunk(name: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'ascii'), body]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(body.length, 0);
  framed.set(named, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}

/** PNG, ISO/IEC 15948: signature, IHDR, IDAT, IEND; 8 bits, colour type 6. */
function pngOf(width: number, height: number, rgba: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (width * 4 + 1));
  for (let y = 0; y < height; y += 1) {
    rows.set(rgba.subarray(y * width * 4, (y + 1) * width * 4), y * (width * 4 + 1) + 1);
  }
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
