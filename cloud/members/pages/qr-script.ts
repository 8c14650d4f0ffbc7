import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The encoder of the npm package `qr` (one file, no imports) as part of a page's own script: `encodeQr`. */
export const qrScript = ((): string => {
  const source = readFileSync(createRequire(import.meta.url).resolve('qr'), 'utf8')
    .replaceAll(/^export default .*$/gm, '')
    .replaceAll(/^export \{[^}]*\};?$/gm, '')
    .replaceAll(/^\/\/# sourceMappingURL=.*$/gm, '')
    .replaceAll(/^export /gm, '');
  return `const encodeQr = (() => {\n${source}\nreturn encodeQR;\n})();\n`;
})();
