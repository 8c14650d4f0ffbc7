import { describe, expect, test } from 'vitest';
import { dither, fitInto, greyOf } from './dither.ts';

const flat = (width: number, height: number, shade: number) => ({
  width,
  height,
  grey: Array.from({ length: width * height }, () => shade),
});

const blackShare = (bits: Uint8Array, dots: number): number =>
  bits.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0) / dots;

describe('a picture as dots', () => {
  test('black is all black, white is no dot, and the padding stays white', () => {
    expect([...dither(flat(10, 2, 0))]).toEqual([0xff, 0xc0, 0xff, 0xc0]);
    expect([...dither(flat(10, 2, 255))]).toEqual([0, 0, 0, 0]);
  });

  test.each([32, 64, 128, 200])('grey %i keeps its darkness from afar', (shade) => {
    expect(blackShare(dither(flat(64, 64, shade)), 64 * 64)).toBeCloseTo(1 - shade / 255, 1);
  });

  test('what is transparent is paper', () => {
    expect([...greyOf([0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255])]).toEqual([
      255,
      0,
      expect.closeTo(255, 3),
    ]);
  });

  test.each([
    [1000, 500, 384, 240, 384, 192],
    [100, 1000, 384, 240, 24, 240],
    [3, 3, 384, 240, 240, 240],
    [5000, 1, 384, 240, 384, 1],
  ])('%i x %i goes into %i x %i as %i x %i', (width, height, boxWidth, boxHeight, w, h) => {
    expect(fitInto({ width, height }, { width: boxWidth, height: boxHeight })).toEqual({
      width: w,
      height: h,
    });
  });
});
