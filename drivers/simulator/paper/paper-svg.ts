import { dotsOfColumns } from '#drivers/printer/profiles/printer-profile.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import { dotsPerColumn } from '#drivers/simulator/paper/paper-line.ts';
import { qrModulesOf } from '#drivers/simulator/paper/paper-codes.ts';
import type { PaperAlign, PaperRecord, PaperSpan } from '#drivers/simulator/paper/paper.ts';

const glyphDots = 24;
const lineDots = 30;
const marginDots = 24;
const cutDots = 40;
/** Older paper is left out of the picture. */
const svgRecordsMax = 400;

/** The roll as a picture, one unit per printer dot; QR codes and images are real and can be scanned off a screen. */
export function renderPaperSvg(paper: readonly PaperRecord[], columns: PaperWidth): string {
  const width = dotsOfColumns[columns];
  const parts: string[] = [];
  let y = marginDots;
  for (const record of paper.slice(-svgRecordsMax)) {
    const drawn = drawRecord(record, width, y);
    parts.push(drawn.svg);
    y += drawn.height;
  }
  const fullWidth = width + 2 * marginDots;
  const fullHeight = y + marginDots;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${fullWidth} ${fullHeight}" `,
    `width="${fullWidth}" height="${fullHeight}" role="img">`,
    `<rect width="${fullWidth}" height="${fullHeight}" fill="#fffdf7"/>`,
    `<g transform="translate(${marginDots} 0)" fill="#1b1b1b" `,
    `font-family="'Noto Sans Mono CJK SC','Sarasa Mono SC','SimSun',monospace">`,
    ...parts,
    '</g></svg>',
  ].join('');
}

interface Drawn {
  readonly svg: string;
  readonly height: number;
}

function drawRecord(record: PaperRecord, width: number, y: number): Drawn {
  switch (record.type) {
    case 'line':
      return drawLine(record.spans, startOf(record.align, width, widthOfSpans(record.spans)), y);
    case 'raster': {
      const x = startOf(record.align, width, record.widthBytes * 8);
      const isBlack = (column: number, row: number): boolean =>
        ((record.bytes[row * record.widthBytes + (column >> 3)] ?? 0) & (0x80 >> (column & 7))) !==
        0;
      const size = { columns: record.widthBytes * 8, rows: record.rows, scale: 1 };
      return { svg: drawDots({ ...size, x, y, isBlack }), height: record.rows };
    }
    case 'qr': {
      const modules = qrModulesOf(record.text, record.level);
      const scale = record.moduleDots;
      const side = modules.length * scale;
      const isBlack = (column: number, row: number): boolean => modules[row]?.[column] === true;
      const size = { columns: modules.length, rows: modules.length, scale };
      const x = startOf(record.align, width, side);
      return { svg: drawDots({ ...size, x, y: y + 8, isBlack }), height: side + 16 };
    }
    case 'barcode':
      return drawBarcode(record, width, y);
    case 'cut': {
      const middle = y + cutDots / 2;
      const line = `<line x1="${-marginDots}" x2="${width + marginDots}" y1="${middle}" y2="${middle}" `;
      const dashes = record.full ? '' : 'stroke-dasharray="10 8"';
      return { svg: `${line}stroke="#b9b2a3" ${dashes}/>`, height: cutDots };
    }
  }
}

function drawBarcode(
  record: Extract<PaperRecord, { readonly type: 'barcode' }>,
  width: number,
  y: number,
): Drawn {
  const { bars, moduleDots, heightDots, readable, text } = record;
  const x = startOf(record.align, width, bars.length * moduleDots);
  const isBlack = (column: number): boolean => bars[(column / moduleDots) | 0] === '1';
  const size = { columns: bars.length * moduleDots, rows: 1, scale: 1, rowDots: heightDots };
  const svg = drawDots({ ...size, x, y, isBlack });
  if (!readable) return { svg, height: heightDots };
  const middle = x + (bars.length * moduleDots) / 2;
  const words = `<text font-size="22" text-anchor="middle" x="${middle}" y="${y + heightDots + 22}">`;
  return { svg: `${svg}${words}${escapeXml(text)}</text>`, height: heightDots + lineDots };
}

function drawLine(spans: readonly PaperSpan[], start: number, y: number): Drawn {
  const height = Math.max(1, ...spans.map((span) => span.height));
  let x = start;
  let svg = '';
  for (const span of spans) {
    if (span.image !== null) {
      svg += drawCharacter(span, span.image, { x, bottom: y + height * glyphDots });
      x += widthOfSpans([span]);
      continue;
    }
    const positions: number[] = [];
    let shown = '';
    for (const [index, character] of Array.from(span.text).entries()) {
      // Spaces are left out: a browser would merge them and shift the places of all that follows.
      if (character !== ' ') {
        positions.push(x / span.width);
        shown += character;
      }
      x += (span.columns[index] ?? 1) * dotsPerColumn * span.width;
    }
    if (shown === '') continue;
    // Each character is placed by itself: the font of the screen has other widths than the printer's.
    const baseline = (y + height * glyphDots - 3 * span.height) / span.height;
    const scale = `transform="scale(${span.width} ${span.height})" `;
    const weight = span.bold ? 'font-weight="700" ' : '';
    svg += `<text ${scale}${weight}font-size="22" x="${positions.join(' ')}" y="${baseline}">`;
    svg += `${escapeXml(shown)}</text>`;
  }
  return { svg, height: lineDots + (height - 1) * glyphDots };
}

/** A drawn character stands on the bottom of its line, as letters do. */
function drawCharacter(
  span: PaperSpan,
  image: Uint8Array,
  place: { readonly x: number; readonly bottom: number },
): string {
  const isBlack = (column: number, row: number): boolean => {
    const dot = (column / span.width) | 0;
    const at = (row / span.height) | 0;
    return ((image[dot * 3 + (at >> 3)] ?? 0) & (0x80 >> (at & 7))) !== 0;
  };
  const size = { columns: (image.length / 3) * span.width, rows: glyphDots * span.height };
  return drawDots({ ...size, scale: 1, x: place.x, y: place.bottom - size.rows, isBlack });
}

/** Runs of black dots as one path. */
function drawDots(dots: {
  readonly x: number;
  readonly y: number;
  readonly columns: number;
  readonly rows: number;
  readonly scale: number;
  /** Height of a row; default: `scale`. */
  readonly rowDots?: number;
  readonly isBlack: (column: number, row: number) => boolean;
}): string {
  const { scale } = dots;
  const rowDots = dots.rowDots ?? scale;
  let path = '';
  for (let row = 0; row < dots.rows; row += 1) {
    for (let column = 0; column < dots.columns;) {
      let end = column;
      while (end < dots.columns && dots.isBlack(end, row)) end += 1;
      if (end > column) {
        const run = (end - column) * scale;
        path += `M${dots.x + column * scale} ${dots.y + row * rowDots}h${run}v${rowDots}h${-run}z`;
      }
      column = end + 1;
    }
  }
  return `<path shape-rendering="crispEdges" d="${path}"/>`;
}

function startOf(align: PaperAlign, width: number, own: number): number {
  if (align === 'left') return 0;
  const free = Math.max(0, width - own);
  return align === 'center' ? free / 2 : free;
}

const widthOfSpans = (spans: readonly PaperSpan[]): number =>
  spans.reduce(
    (sum, span) =>
      sum +
      span.columns.reduce((own: number, columns) => own + columns, 0) * dotsPerColumn * span.width,
    0,
  );

/** Control characters, which a bar code may hold, have no place in XML at all. */
const escapeXml = (text: string): string =>
  text
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    .replace(/[\u0000-\u001F\u007F]/g, '\uFFFD')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
