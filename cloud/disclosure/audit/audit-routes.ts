import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import Type from 'typebox';
import { auditTableOf, type AuditSpan } from '#cloud/disclosure/audit/audit-tables.ts';
import {
  fileKinds,
  inOneMoment,
  manifestName,
  manifestText,
  writeAudit,
  writeTable,
  type FileKind,
  type Sink,
} from '#cloud/disclosure/audit/write-audit.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import { BusinessDateSchema } from '#shared/wire/v1/common.ts';

const contentTypes: Readonly<Record<FileKind, string>> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
};
const busySeconds = 30;

/**
 * GET /admin/v1/audit/{file}?from=&to=    one file of the auditor's export as a stream; manifest.json: the hashes of all
 *
 * Each file is read in one moment of its own. What moves after a day is over (vouchers, balances) may differ from a
 * manifest that was read before, and then its hash says so; `npm run audit` reads all in one moment. One at a time.
 */
export function registerAuditRoutes(
  app: CloudApp,
  { db, operatorId, logger }: Pick<CloudDeps, 'db' | 'operatorId' | 'logger'>,
): void {
  let isBusy = false;
  const schema = {
    summary: "One file of the auditor's export",
    params: Type.Object({ file: Type.String({ pattern: '^[a-z-]{1,40}\\.(csv|json)$' }) }),
    querystring: Type.Object({ from: BusinessDateSchema, to: BusinessDateSchema }),
  };
  app.get('/admin/v1/audit/:file', { schema }, (request, reply) => {
    const { from, to } = request.query;
    if (!isCalendarDay(from) || !isCalendarDay(to) || from > to)
      return sendProblem(reply, { status: 400, code: 'request-invalid', detail: 'no such days' });
    const job = jobOf(request.params.file);
    if (job === undefined) return sendProblem(reply, { status: 404, code: 'not-found' });
    if (isBusy)
      return sendProblem(reply, {
        status: 429,
        code: 'cloud-busy',
        retryAfterSeconds: busySeconds,
      });
    isBusy = true;
    const stream = new PassThrough();
    void inOneMoment(db, (tx) => job.write(tx, { operatorId, from, to }, sinkInto(stream)))
      .then(() => stream.end())
      .catch((error: unknown) => {
        // Half of a file must not look like a whole one: the connection ends without its last chunk.
        logger.warn({ err: error, file: request.params.file }, 'an export was cut off');
        stream.destroy(error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => {
        isBusy = false;
      });
    return reply.type(contentTypes[job.kind]).send(stream);
  });
}

interface Job {
  readonly kind: FileKind;
  write(tx: Parameters<typeof writeAudit>[0], span: AuditSpan, sink: Sink): Promise<unknown>;
}

function jobOf(file: string): Job | undefined {
  if (file === manifestName)
    return {
      kind: 'json',
      write: async (tx, span, sink) =>
        sink.write(manifestText(await writeAudit(tx, span, nowhere))),
    };
  const [name = '', ending = ''] = file.split('.');
  const table = auditTableOf(name);
  const kind = fileKinds.find((one) => one === ending);
  if (table === undefined || kind === undefined) return undefined;
  return {
    kind,
    write: (tx, span, sink) => writeTable(tx, { table, span, sinks: { [kind]: sink } }),
  };
}

/** Only the hashes are wanted. */
const nowhere = () =>
  Promise.resolve({ write: () => Promise.resolve(), close: () => Promise.resolve() });

/** Waits for a reader who is slow, and ends when he is gone. */
const sinkInto = (stream: PassThrough): Sink => ({
  async write(text) {
    if (stream.destroyed) throw new Error('the reader is gone');
    if (!stream.write(text)) await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
  },
});
