const here = import.meta.dirname;

/** One page and its worker. Relative addresses, so that any host may serve it. */
export default {
  root: here,
  base: './',
  publicDir: false,
  define: { 'process.env.NODE_ENV': '"production"' },
  oxc: { jsx: { runtime: 'automatic', development: false } },
  worker: { format: 'es' },
  build: {
    outDir: `${here}/../../out/lab`,
    emptyOutDir: true,
    target: 'es2023',
    // The content security policy allows no inline script and no data: address but for pictures.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
};
