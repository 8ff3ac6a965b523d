import { randomBytes } from 'node:crypto'
import { node, SERVER, seconds } from '../protocol/node.ts'
import type { Subscriber } from './directory.ts'
import type { Faults } from './faults.ts'
import { deliver } from './outbox.ts'
import type { World } from './world.ts'

/** The error of a message that begins a conversation which the account may not begin. */
export const MAY_NOT_BEGIN = 463

const unixSeconds = (ms: number): string => String(Math.ceil(ms / 1000))

/** What WhatsApp's GraphQL says of the reach-out time-lock. */
export const timelockOf = ({ reachoutTimelock }: Faults): Record<string, unknown> => {
  const active = reachoutTimelock !== undefined && reachoutTimelock.until > Date.now()
  return active
    ? {
        is_active: true,
        time_enforcement_ends: unixSeconds(reachoutTimelock.until),
        enforcement_type: 'DEFAULT',
      }
    : { is_active: false, time_enforcement_ends: '0', enforcement_type: 'DEFAULT' }
}

/** And of the quota of new conversations. */
export const capOf = ({ messageCap }: Faults): Record<string, unknown> => ({
  capping_status: messageCap?.status ?? 'NONE',
  ...(messageCap?.until === undefined ? {} : { cycle_end_timestamp: unixSeconds(messageCap.until) }),
})

/** Whether a message would begin a conversation while the account is restricted: the number never wrote, and nothing was taken for it. */
export const isRefusedBeginning = (world: World, sender: Subscriber, to: string): boolean => {
  const { reachoutTimelock, messageCap } = world.faults.effective(sender.number)
  const locked = reachoutTimelock !== undefined && reachoutTimelock.until > Date.now()
  if (!locked && messageCap?.status !== 'CAPPED') return false
  const { entries } = world.ledger.read({ account: sender.number, peer: to })
  return !entries.some((entry) => entry.direction === 'toSession' || entry.acked > 0)
}

/** Tells the clients of an account what has changed between two sets of faults, as WhatsApp does unasked. */
export const tellRestrictions = (world: World, account: Subscriber, before: Faults, after: Faults): void => {
  const tell = (operation: string, path: string, data: Record<string, unknown>) => {
    const update = node(
      'update',
      { op_name: operation },
      Buffer.from(JSON.stringify({ data: { [path]: data } })),
    )
    for (const companion of account.companions.values()) {
      const id = randomBytes(8).toString('hex').toUpperCase()
      deliver(
        world,
        account,
        companion,
        node('notification', { id, from: SERVER, type: 'mex', t: seconds() }, [update]),
      )
    }
  }
  if (before.reachoutTimelock?.until !== after.reachoutTimelock?.until)
    tell('NotificationUserReachoutTimelockUpdate', 'xwa2_notify_account_reachout_timelock', timelockOf(after))
  if (before.messageCap?.status !== after.messageCap?.status)
    tell('MessageCappingInfoNotification', 'xwa2_notify_new_chat_messages_capping_info_update', capOf(after))
}
