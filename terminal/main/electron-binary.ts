// Finds an Electron binary without importing the electron package, whose import would try to download one.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../../node_modules/electron');

/** Path of the binary, if there is one. */
export function findElectron(): string | undefined {
  const fromEnvironment = process.env['ELECTRON_BINARY'];
  if (fromEnvironment && existsSync(fromEnvironment)) return fromEnvironment;
  const pathFile = path.join(folder, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const binary = path.join(folder, 'dist', readFileSync(pathFile, 'utf8').trim());
  return existsSync(binary) ? binary : undefined;
}
