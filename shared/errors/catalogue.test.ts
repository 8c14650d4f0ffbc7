import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorCatalogue, isErrorCode } from '#shared/errors/catalogue.ts';

/** Every file of this folder that lists codes, so that a new area cannot be forgotten here. */
const areas = await Promise.all(
  readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && !/^(entry|catalogue(\.test)?)\.ts$/.test(file))
    .map(async (file) => {
      const exported = (await import(join(import.meta.dirname, file))) as Record<string, object>;
      return Object.entries(exported).find(([name]) => name.endsWith('Errors'))![1];
    }),
);

test('no code is defined in two areas: a later one would silently win', () => {
  const codes = areas.flatMap((area) => Object.keys(area));
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
  expect(codes.toSorted()).toEqual(Object.keys(errorCatalogue).toSorted());
});

test('each area lists its codes in alphabetical order', () => {
  for (const area of areas) expect(Object.keys(area)).toEqual(Object.keys(area).toSorted());
});

test.each(Object.entries(errorCatalogue))('%s fits the wire and has words', (code, entry) => {
  expect(code).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  expect(code.length).toBeLessThanOrEqual(64);
  expect(entry.meaning).toMatch(/^[A-Z].*\.$/);
  expect(entry.action).toMatch(/^[A-Z].*\.$/);
  expect(entry.en).toMatch(/^[A-Z].*\.$/);
  expect(entry.zh).toMatch(/\p{Script=Han}/u);
  // One line of the till's result screen at its smallest width.
  expect(entry.zh.length).toBeLessThanOrEqual(40);
  expect(entry.en.length).toBeLessThanOrEqual(110);
});

test('isErrorCode knows its own codes and nothing inherited', () => {
  expect(isErrorCode('journal-gap')).toBe(true);
  expect(isErrorCode('toString')).toBe(false);
  expect(isErrorCode('of-a-newer-version')).toBe(false);
});
