/**
 * SQLSTATE classes that say nothing about the statement: connection, resources, operator,
 * serialization.
 */
const transientClasses = ['08', '53', '57', '40', '58'];
const transientNetworkCodes = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'];

/**
 * Did this throw because the database was away or busy, rather than because of what was asked?
 * Looks through the causes: drizzle wraps the error of the driver.
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

/** drizzle wraps the driver's error; the SQLSTATE is on the innermost one that has it. */
export function sqlStateOf(cause: unknown): string {
  for (let error = cause; error instanceof Error; error = error.cause)
    if ('code' in error && typeof error.code === 'string') return error.code;
  return '';
}

/** invalid_sql_statement_name: what a connection had planned is gone, by DISCARD or a pooler. */
export const lostPlanState = '26000';

/** Is a plan void, and would be made anew if it were asked again? */
export const isLostPlan = (error: unknown): boolean =>
  sqlStateOf(error) === lostPlanState ||
  (sqlStateOf(error) === '0A000' && /cached plan/.test(innermost(error)));

function innermost(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  return at instanceof Error ? at.message : '';
}
