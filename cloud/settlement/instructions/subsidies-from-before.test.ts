import { expect, it } from 'vitest';
import { migrate } from '#cloud/platform/postgres/migrate.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';

const itself = '0980-subsidy-payouts.sql';
const database = useTestDatabase();
const query = (text: string) => database.pool.query(text);

/** The database as it was before the migration. */
const undo = () =>
  query(`drop table subsidy_part, subsidy_payout;
    drop index channel_instruction_subsidy_payout;
    alter table channel_instruction drop constraint channel_instruction_subject_check,
      add check (kind = 'payout' or (merchant_id is not null and order_id is not null));
    delete from migration where name = '${itself}'`);

it('vouchers from before the payouts are marked as such with their refunds, those that a channel was told of not at all', async () => {
  await undo();
  await query(`insert into settlement_line (operator_id, merchant_id, order_id, terminal_id, source,
        channel, business_date, ledger_date, paid_at_ms, accepted_at_ms, amount_fen, voucher_fen,
        net_fen, concession_bp, concession_fen, same_day_fen, reserve_fen, subsidy_fen, due_at_ms, state)
      select 'o', 'm', id, 't', 'cash', 'cash', day, day, 0, 0, 1000, fen, 1000 - fen, 1000, 0, 0, 0,
        fen, 0, 'held'
        from (values ('told', 100), ('plain', 0), ('untold', 300)) s (id, fen)
       cross join (select date '2026-09-01' as day) d`);
  await query(`insert into channel_instruction (operator_id, instruction_no, merchant_id, order_id,
        kind, step, channel, amount_fen, state, ended_at_ms, created_at_ms)
      values ('o', 'V1', 'm', 'told', 'subsidy', 1, 'wechat', 100, 'done', 0, 0)`);
  await query(`insert into order_refund (operator_id, merchant_id, order_id, refund_no, terminal_id,
        how, amount_fen, cash_fen, voucher_fen, cashier, reason, business_date, asked_at_ms, status,
        done_at_ms, ledger_date, next_at_ms)
      select 'o', 'm', id, no, 't', 'cash', 100, 90, 10, '', '', '2026-09-02', 0, status,
             case status when 'done' then 0 end, case status when 'done' then date '2026-09-02' end,
             case status when 'booking' then 0 end
        from (values ('told', 1, 'done'), ('untold', 1, 'done'), ('untold', 2, 'failed'),
                     ('untold', 3, 'booking')) r (id, no, status)`);
  expect(await migrate(database.pool)).toEqual([itself]);
  const { rows } = await query(`select order_id, refund_no, amount_fen, ledger_date::text as on,
      day, is_before from subsidy_part order by refund_no`);
  const marked = { order_id: 'untold', day: null, is_before: true };
  expect(rows).toEqual([
    { ...marked, refund_no: 0, amount_fen: 300, on: '2026-09-01' },
    { ...marked, refund_no: 1, amount_fen: -10, on: '2026-09-02' },
  ]);
});
