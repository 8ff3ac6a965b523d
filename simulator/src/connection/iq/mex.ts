import { firstChild, node } from '../../protocol/node.ts'
import type { Faults } from '../../world/faults.ts'
import { capOf, timelockOf } from '../../world/restrictions.ts'
import type { IqHandlers } from './iq.ts'

/** GraphQL by query id, as Baileys' `QueryIds` names them: path of the answer, and the answer. */
const QUERIES: Readonly<Record<string, [string, (faults: Faults) => Record<string, unknown>]>> = {
  '23983697327930364': ['xwa2_fetch_account_reachout_timelock', timelockOf],
  '24503548349331633': ['xwa2_message_capping_info', capOf],
}

/** What the account may do at present. Other questions get no data. */
export const mex: IqHandlers = {
  'w:mex': (iq, { world, session }) => {
    const [path, answer] = QUERIES[firstChild(iq)?.attrs.query_id ?? ''] ?? []
    if (!path || !answer) return undefined
    const data = { [path]: answer(world.faults.effective(session.subscriber.number)) }
    return [node('result', {}, Buffer.from(JSON.stringify({ data })))]
  },
}
