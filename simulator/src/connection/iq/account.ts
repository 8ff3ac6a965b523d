import { firstChild, node } from '../../protocol/node.ts'
import { syncNewDevice } from '../../world/initial-sync.ts'
import { flushQueue } from '../../world/outbox.ts'
import type { IqHandlers } from './iq.ts'

const PRIVACY = ['readreceipts', 'last', 'online', 'profile', 'status', 'groupadd', 'calladd']

const empty = () => undefined

/** Everything about the account itself: login end, keep-alive, settings, unlinking. */
export const account: IqHandlers = {
  passive: (iq, { world, session }) => {
    // After the reply has left: the client expects its answer before the flood.
    if (firstChild(iq)?.tag === 'active') {
      world.timers.after(0, () => {
        flushQueue(world, session)
        syncNewDevice(world, session.subscriber, session.companion)
      })
    }
    return undefined
  },
  'w:p': empty,
  abt: () => [node('props', { hash: '1', protocol: '1' })],
  blocklist: () => [node('list')],
  'privacy get/privacy': () => [
    node(
      'privacy',
      {},
      PRIVACY.map((name) => node('category', { name, value: 'all' })),
    ),
  ],
  privacy: empty,
  'w:stats': empty,
  'md set/remove-companion-device': (_iq, { world, session }) => {
    session.subscriber.companions.delete(session.companion.device)
    session.companion.queue.clear()
    world.timers.after(0, () => session.end({ event: 'deviceRemoved' }))
    return undefined
  },
  md: empty,
}
