const here = import.meta.dirname;

/** Two pages: the till, and the demo's virtual counter. Relative addresses, so that any host may serve them. */
export default {
  root: here,
  base: './',
  publicDir: false,
  // Built by tests, too, the window is the one that ships: React's development build is twice as large.
  define: { 'process.env.NODE_ENV': '"production"' },
  oxc: { jsx: { runtime: 'automatic', development: false } },
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
