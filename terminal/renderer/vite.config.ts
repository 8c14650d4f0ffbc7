const here = import.meta.dirname;

/** Two pages: the till, and the demo's virtual counter. Relative addresses, so that any host may serve them. */
export default {
  root: here,
  base: './',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic' } },
  build: {
    outDir: `${here}/../../out/renderer`,
    emptyOutDir: true,
    target: 'es2023',
    // The content security policy allows no inline script and no data: address but for pictures.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: { input: { index: `${here}/index.html`, counter: `${here}/counter.html` } },
  },
};
