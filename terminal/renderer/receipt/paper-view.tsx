import { useEffect, useRef, type ReactNode } from 'react';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { PaperItem, ReceiptPreview } from '#terminal/ipc/receipt-template.ts';
import { gridOf, lineDots, type GridRun, type PaperLine } from './paper-grid.ts';
import { fromBase64 } from './read-logo.ts';

/** The receipt as paper: every character in its cell, every dot of codes and logo where the printer burns it. */
export function PaperView({
  preview,
  label,
}: {
  readonly preview: ReceiptPreview;
  readonly label: string;
}): ReactNode {
  const { dots, items } = preview;
  return (
    <div className={`paper paper-${dots}`} role="img" aria-label={`${label}\n${spokenText(items)}`}>
      {items.map((item, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- lines of paper have no other name than their place
        <PaperPart key={index} item={item} dots={dots} />
      ))}
    </div>
  );
}

const spokenText = (items: readonly PaperItem[]): string =>
  items.flatMap((item) => (item.type === 'line' && item.text !== '' ? [item.text] : [])).join('\n');

function PaperPart({ item, dots }: { readonly item: PaperItem; readonly dots: number }): ReactNode {
  switch (item.type) {
    case 'line':
      return <LinePart line={item} dots={dots} />;
    case 'qr': {
      const side = item.rows.length * item.moduleDots;
      const path = item.rows.map((row, y) => barsPath(row, y, 1)).join('');
      return (
        <Strip dots={dots} heightDots={side + codeGapDots}>
          <path
            d={path}
            transform={`translate(${(dots - side) / 2} 8) scale(${item.moduleDots})`}
          />
        </Strip>
      );
    }
    case 'barcode':
      return <BarcodePart item={item} dots={dots} />;
    case 'logo':
      return <LogoPart item={item} dots={dots} />;
    case 'feed':
      return <Strip dots={dots} heightDots={item.lines * lineDots} />;
    case 'cut':
      return <div className="paper-cut" />;
    default:
      return exhaustive(item);
  }
}

const codeGapDots = 16;
/** From the top of a cell to the foot of its letters. */
const baselineDots = 20;

function Strip({
  dots,
  heightDots,
  children,
}: {
  readonly dots: number;
  readonly heightDots: number;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <svg className="paper-strip" viewBox={`0 0 ${dots} ${heightDots}`} aria-hidden="true">
      {children}
    </svg>
  );
}

function LinePart({ line, dots }: { readonly line: PaperLine; readonly dots: number }): ReactNode {
  const { scaleX, scaleY, heightDots, narrow, wide } = gridOf(line, dots);
  return (
    <Strip dots={dots} heightDots={heightDots}>
      <g
        className={line.bold ? 'paper-bold' : undefined}
        transform={`translate(0 3) scale(${scaleX} ${scaleY})`}
      >
        <Run run={narrow} name="paper-narrow" />
        <Run run={wide} name="paper-wide" />
      </g>
    </Strip>
  );
}

const Run = ({ run, name }: { readonly run: GridRun; readonly name: string }): ReactNode =>
  run.text === '' ? null : (
    <text className={name} y={baselineDots} x={run.middles.join(' ')}>
      {run.text}
    </text>
  );

function BarcodePart({
  item,
  dots,
}: {
  readonly item: Extract<PaperItem, { type: 'barcode' }>;
  readonly dots: number;
}): ReactNode {
  const { moduleDots, modules, heightDots } = item;
  const left = (dots - modules.length * moduleDots) / 2;
  return (
    <>
      <Strip dots={dots} heightDots={heightDots + codeGapDots / 2}>
        <path
          d={barsPath(modules, 0, heightDots)}
          transform={`translate(${left} 8) scale(${moduleDots} 1)`}
        />
      </Strip>
      {item.readable && (
        <LinePart
          line={{ type: 'line', text: item.text, align: 'center', size: 'normal', bold: false }}
          dots={dots}
        />
      )}
    </>
  );
}

/** A logo has too many dots for a path: a canvas of its very size. */
function LogoPart({
  item,
  dots,
}: {
  readonly item: Extract<PaperItem, { type: 'logo' }>;
  readonly dots: number;
}): ReactNode {
  const { widthDots, heightDots, base64 } = item;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const pen = canvas.current?.getContext('2d');
    if (!pen) return;
    const bits = fromBase64(base64);
    const image = pen.createImageData(widthDots, heightDots);
    for (let dot = 0; dot < widthDots * heightDots; dot += 1) {
      const black = ((bits[dot >> 3] ?? 0) & (0x80 >> (dot & 7))) !== 0;
      image.data[dot * 4 + 3] = black ? 255 : 0;
    }
    pen.putImageData(image, 0, 0);
  }, [base64, widthDots, heightDots]);
  return (
    <canvas
      ref={canvas}
      className="paper-logo"
      width={widthDots}
      height={heightDots}
      style={{ width: `${(widthDots / dots) * 100}%` }}
    />
  );
}

/** Runs of "1" as rectangles. */
const barsPath = (modules: string, y: number, height: number): string =>
  [...modules.matchAll(/1+/g)]
    .map(({ index, 0: run }) => `M${index} ${y}h${run.length}v${height}h-${run.length}z`)
    .join('');
