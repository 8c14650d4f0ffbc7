import { Compile } from 'typebox/compile';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import { appendErrorCode, type Journal } from '#terminal/agent/journal/journal.ts';
import { PinHashSchema, type PinHash } from '#terminal/agent/owner/pin-hash.ts';
import { openPinLock, type PinLock } from '#terminal/agent/owner/pin-lock-machine.ts';

/** What the till keeps of its owner. */
export interface OwnerRecord {
  /** null: no PIN is set. `lost`: none is right, the till stays guarded, and the cloud can reset it. */
  readonly pin: PinHash | 'lost' | null;
  readonly lock: PinLock;
  readonly guardsDrawer: boolean;
  /** Number of the last reset by the cloud that was followed. */
  readonly resetNo: number;
  /** Counts the PINs and rules that were set or taken away: see owner-witness.ts. */
  readonly changeNo: number;
  /** Since when the PIN that is set is the one, wall milliseconds; null: none is set, or nobody wrote it down. */
  readonly pinSetAtMs: number | null;
  /** When a PIN was set last where there was none, wall milliseconds: whoever stood at the till could. null: never. */
  readonly firstPinAtMs: number | null;
}

interface Row {
  readonly pin: string | null;
  readonly wrong_count: number;
  readonly checking: number;
  readonly lock_count: number;
  readonly locked_for_ms: number;
  readonly locked_ever: number;
  readonly guards_drawer: number;
  readonly reset_no: number;
  readonly change_no: number;
  readonly pin_set_at_ms: number | null;
  readonly first_pin_at_ms: number | null;
}

const pinHash = Compile(PinHashSchema);

/** A till that nobody has set up: no PIN, and the drawer guarded once there is one. */
const emptyRecord: OwnerRecord = {
  pin: null,
  lock: openPinLock,
  guardsDrawer: true,
  resetNo: 0,
  changeNo: 0,
  pinSetAtMs: null,
  firstPinAtMs: null,
};

export function readOwner(read: ReadHandle): OwnerRecord {
  const row = read.one<Row>('SELECT * FROM owner WHERE id = 1');
  if (!row) return emptyRecord;
  return {
    pin: readPin(row.pin),
    lock: {
      wrongCount: row.wrong_count,
      checking: row.checking === 1,
      lockCount: row.lock_count,
      lockedForMs: row.locked_for_ms,
      lockedEver: row.locked_ever,
    },
    guardsDrawer: row.guards_drawer === 1,
    resetNo: row.reset_no,
    changeNo: row.change_no,
    pinSetAtMs: row.pin_set_at_ms,
    firstPinAtMs: row.first_pin_at_ms,
  };
}

/** Durable when it returns; no entry of the journal. Errors: the disk's. */
export function writeOwner(journal: Journal, record: OwnerRecord): Result<void, ErrorCode> {
  const { lock } = record;
  const kept = journal.append([], (tx) =>
    tx.run(
      `INSERT INTO owner (id, pin, wrong_count, checking, lock_count, locked_for_ms, locked_ever,
         guards_drawer, reset_no, change_no, pin_set_at_ms, first_pin_at_ms)
       VALUES (1, $pin, $wrongCount, $checking, $lockCount, $lockedForMs, $lockedEver,
         $guardsDrawer, $resetNo, $changeNo, $pinSetAtMs, $firstPinAtMs)
       ON CONFLICT (id) DO UPDATE SET pin = excluded.pin, wrong_count = excluded.wrong_count,
         checking = excluded.checking, lock_count = excluded.lock_count,
         locked_for_ms = excluded.locked_for_ms, locked_ever = excluded.locked_ever,
         guards_drawer = excluded.guards_drawer, reset_no = excluded.reset_no,
         change_no = excluded.change_no, pin_set_at_ms = excluded.pin_set_at_ms,
         first_pin_at_ms = excluded.first_pin_at_ms`,
      {
        pin: record.pin === null ? null : JSON.stringify(record.pin),
        wrongCount: lock.wrongCount,
        checking: lock.checking ? 1 : 0,
        lockCount: lock.lockCount,
        lockedForMs: lock.lockedForMs,
        lockedEver: lock.lockedEver,
        guardsDrawer: record.guardsDrawer ? 1 : 0,
        resetNo: record.resetNo,
        changeNo: record.changeNo,
        pinSetAtMs: record.pinSetAtMs,
        firstPinAtMs: record.firstPinAtMs,
      },
    ),
  );
  return kept.ok ? ok(undefined) : err(appendErrorCode(kept.error));
}

/** A PIN that cannot be read is lost: the till does not open for want of it. */
function readPin(text: string | null): OwnerRecord['pin'] {
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return pinHash.Check(value) ? value : 'lost';
  } catch {
    return 'lost';
  }
}
