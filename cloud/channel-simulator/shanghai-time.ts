/** The far end tells the time by its own code: a slip in ours must not agree with itself. */
const shanghaiOffsetMs = 8 * 3_600_000;

/** The day in Shanghai, YYYY-MM-DD. China has one time zone and no summer time. */
export const shanghaiDateOf = (atMs: number): string => shanghaiIso(atMs).slice(0, 10);

/** Wall time in Shanghai: YYYY-MM-DD HH:MM:SS. */
export const shanghaiTimeOf = (atMs: number): string => shanghaiIso(atMs).replace('T', ' ');

/** RFC 3339 with the offset: YYYY-MM-DDTHH:MM:SS+08:00. */
export const rfc3339Of = (atMs: number): string => `${shanghaiIso(atMs)}+08:00`;

const shanghaiIso = (atMs: number): string =>
  new Date(atMs + shanghaiOffsetMs).toISOString().slice(0, 19);
