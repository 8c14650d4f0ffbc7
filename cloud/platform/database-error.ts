/** SQLSTATE classes that say nothing about the statement: connection, resources, operator, serialization. */
const transientClasses = ['08', '53', '57', '40', '58'];
const transientNetworkCodes = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'];

/**
 * Did this throw because the database was away or busy, rather than because of what was asked? Looks through the
 * causes: drizzle wraps the error of the driver.
 */
export function isTransient(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === 'string' && transientNetworkCodes.includes(code)) return true;
    if (typeof code === 'string' && transientClasses.includes(code.slice(0, 2))) return true;
    if (/connection terminated|timeout exceeded when trying to connect/i.test(at.message)) {
      return true;
    }
  }
  return false;
}
