import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { chromium, type Page } from 'playwright-core';
import { isRomCharacter } from '#drivers/printer/receipt/text-gb18030.ts';
import { codePointsOf } from './font-coverage.ts';

/**
 * Draws drivers/printer/glyphs/glyph-pack.br: every character that a receipt may hold and the ROM of a Chinese printer
 * lacks, in 24 x 24 dots (12 x 24 for narrow ones). Run by hand when the set or the fonts change:
 *
 *   apt-get install fonts-noto-cjk chromium
 *   npm install --prefix FONTS @fontsource/noto-emoji@5 @fontsource/noto-sans-symbols@5 \
 *     @fontsource/noto-sans-symbols-2@5
 *   node .ci/make-glyph-pack.ts FONTS
 *
 * The format is told in drivers/printer/glyphs/glyph-pack.ts, the licence in drivers/printer/glyphs/LICENSE-OFL.md.
 */
const cjkFile = '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc';
const packFile = new URL('../drivers/printer/glyphs/glyph-pack.br', import.meta.url);
const chunkCharacters = 500;

/** Where characters are looked for; those of the ROM, and those that no font has, fall out. */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x2100, 0x27ff],
  [0x2900, 0x2bff],
  [0x2e80, 0x2fdf],
  [0x2ff0, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa960, 0xa97f],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f000, 0x1faff],
  [0x20000, 0x323af],
];
const narrowRanges: readonly (readonly [number, number])[] = [
  [0x00a1, 0x024f],
  [0x0370, 0x052f],
  [0x1e00, 0x1eff],
  [0x2010, 0x2027],
  [0x2030, 0x205e],
  [0x2070, 0x20cf],
  [0xff61, 0xff9f],
  [0xffe8, 0xffee],
];

interface Font {
  readonly family: string;
  readonly points: ReadonlySet<number>;
  /** CSS of the font when it is not installed. */
  readonly faces: string;
  /** Its characters sit in a square of 24 dots as they are. */
  readonly square: boolean;
}

interface Wanted {
  readonly code: number;
  readonly narrow: boolean;
  readonly family: string;
  readonly square: boolean;
}

await main();

async function main(): Promise<void> {
  const root = process.argv[2];
  if (root === undefined) throw new Error('usage: make-glyph-pack.ts FONTS');
  const cjk: Font = {
    family: 'Noto Sans CJK SC',
    points: codePointsOf(readFileSync(cjkFile)),
    faces: '',
    square: true,
  };
  const emoji = webFont(root, 'noto-emoji');
  const symbols = [webFont(root, 'noto-sans-symbols-2'), webFont(root, 'noto-sans-symbols')];
  const wanted = wantedFrom((code) => {
    const isPicture = code >= 0x1f300 || (code >= 0x1f000 && code < 0x1f100);
    return isPicture && code < 0x20000 ? [emoji, ...symbols, cjk] : [cjk, ...symbols, emoji];
  });
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'],
  });
  const page = await browser.newPage();
  const faces = [emoji, ...symbols].map((font) => font.faces).join('\n');
  await page.setContent(`<style>${faces}</style><canvas></canvas>`);
  const bitmaps: Buffer[] = [];
  for (let at = 0; at < wanted.length; at += chunkCharacters) {
    bitmaps.push(...(await draw(page, wanted.slice(at, at + chunkCharacters))));
  }
  await browser.close();
  write(wanted, bitmaps);
}

function webFont(root: string, name: string): Font {
  const folder = `${root}/node_modules/@fontsource/${name}/files/`;
  const files = readdirSync(folder).filter((file) => file.endsWith('-400-normal.woff'));
  const points = new Set<number>();
  const families: string[] = [];
  let faces = '';
  for (const [index, file] of files.entries()) {
    const bytes = readFileSync(folder + file);
    for (const point of codePointsOf(bytes)) points.add(point);
    families.push(`'${name}-${index}'`);
    const source = `url(data:font/woff;base64,${bytes.toString('base64')})`;
    faces += `@font-face{font-family:'${name}-${index}';src:${source}}\n`;
  }
  return { family: families.join(','), points, faces, square: false };
}

function wantedFrom(fontsFor: (code: number) => readonly Font[]): readonly Wanted[] {
  const found: Wanted[] = [];
  const look = (ranges: readonly (readonly [number, number])[], narrow: boolean): void => {
    for (const [from, to] of ranges) {
      for (let code = from; code <= to; code += 1) {
        if (isRomCharacter(code)) continue;
        const font = fontsFor(code).find((each) => each.points.has(code));
        if (font === undefined) continue;
        found.push({ code, narrow, family: font.family, square: font.square });
      }
    }
  };
  look(wideRanges, false);
  look(narrowRanges, true);
  return found.toSorted((a, b) => a.code - b.code);
}

/** Bitmaps in the order of `wanted`: columns from the left, three bytes each, the top dot first. */
async function draw(page: Page, wanted: readonly Wanted[]): Promise<readonly Buffer[]> {
  const rows = await page.evaluate(async (list) => {
    const finer = 4;
    const tall = 24 * finer;
    /** The share of a dot that must be inked; less, and close strokes run together. */
    const inkMin = 0.45 * 255 * finer * finer;
    const canvas = document.querySelector('canvas');
    const pen = canvas?.getContext('2d', { willReadFrequently: true });
    if (!canvas || !pen) throw new Error('no canvas');
    const sheet = [];
    for (const { code, narrow, family, square } of list) {
      const text = String.fromCodePoint(code);
      const wide = narrow ? tall / 2 : tall;
      canvas.width = wide;
      canvas.height = tall;
      const font = (size: number): string => `${size}px ${square ? `'${family}'` : family}`;
      await document.fonts.load(font(tall), text);
      pen.fillStyle = '#fff';
      pen.fillRect(0, 0, wide, tall);
      pen.fillStyle = '#000';
      pen.font = font(tall);
      const box = pen.measureText(text);
      const width = box.actualBoundingBoxLeft + box.actualBoundingBoxRight;
      const height = box.actualBoundingBoxAscent + box.actualBoundingBoxDescent;
      if (square && !narrow) pen.fillText(text, 0, tall * 0.86);
      else if (square) {
        // Letters keep their line, and are pressed together when they are too broad for half a square.
        const press = Math.min(1, (wide - finer) / width);
        pen.setTransform(press, 0, 0, 1, (wide - width * press) / 2, 0);
        pen.fillText(text, box.actualBoundingBoxLeft, tall * 0.82);
      } else {
        const fit = Math.min((wide - finer) / width, (tall - finer) / height, 1);
        pen.setTransform(fit, 0, 0, fit, (wide - width * fit) / 2, (tall - height * fit) / 2);
        pen.fillText(text, box.actualBoundingBoxLeft, box.actualBoundingBoxAscent);
      }
      pen.setTransform(1, 0, 0, 1, 0, 0);
      const { data } = pen.getImageData(0, 0, wide, tall);
      let bits = '';
      for (let x = 0; x < wide; x += finer) {
        for (let y = 0; y < tall; y += finer) {
          let ink = 0;
          for (let dot = 0; dot < finer * finer; dot += 1) {
            const at = (y + ((dot / finer) | 0)) * wide + x + (dot % finer);
            ink += 255 - (data[at * 4] ?? 255);
          }
          bits += ink >= inkMin ? '1' : '0';
        }
      }
      sheet.push(bits);
    }
    return sheet;
  }, wanted);
  return rows.map((bits) =>
    Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))),
  );
}

function write(wanted: readonly Wanted[], bitmaps: readonly Buffer[]): void {
  const drawn = wanted
    .map((glyph, index) => ({ ...glyph, bitmap: bitmaps[index] ?? Buffer.alloc(0) }))
    .filter(({ bitmap }) => bitmap.some((byte) => byte !== 0));
  const head = Buffer.alloc(8);
  head.write('GTG1', 'latin1');
  head.writeUInt32LE(drawn.length, 4);
  const index: number[] = [];
  let last = 0;
  for (const { code, narrow } of drawn) {
    let rest = (code - last) * 2 + (narrow ? 1 : 0);
    for (; rest >= 0x80; rest >>>= 7) index.push((rest & 0x7f) | 0x80);
    index.push(rest);
    last = code;
  }
  const plain = Buffer.concat([head, Buffer.from(index), ...drawn.map(({ bitmap }) => bitmap)]);
  const packed = brotliCompressSync(plain, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: plain.length,
    },
  });
  writeFileSync(fileURLToPath(packFile), packed);
  console.log(`${drawn.length} glyphs, ${plain.length} bytes, packed ${packed.length}`);
}
