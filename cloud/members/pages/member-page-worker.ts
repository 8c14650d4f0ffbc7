/**
 * The service worker of the member pages, GET /m/worker.js: without a network it answers a visit with the page that the
 * phone kept at its last visit. It keeps nothing else; keys and certificate lie in the page's own IndexedDB.
 */
export const pageCacheName = 'member-page-1';

export const workerScript = `'use strict';
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
const visit = async (request) => {
  const cache = await caches.open('${pageCacheName}');
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await cache.put(new URL(request.url).pathname, fresh.clone());
    return fresh;
  } catch {
    return (await cache.match(new URL(request.url).pathname)) ?? Response.error();
  }
};
self.addEventListener('fetch', (event) => {
  if (event.request.mode === 'navigate') event.respondWith(visit(event.request));
});
`;

export const workerHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/javascript; charset=utf-8',
  'content-security-policy': `default-src 'none'; connect-src 'self'`,
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
};
