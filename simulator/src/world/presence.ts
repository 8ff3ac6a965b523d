import { node } from '../protocol/node.ts'
import { jidOf, type Subscriber } from './directory.ts'
import type { World } from './world.ts'

/** What a contact can be seen doing. */
export type PresenceState = 'available' | 'unavailable' | 'composing' | 'recording' | 'paused'

/** Shows the connected companions of `to` what `author` is doing. Nothing is kept for those that are away. */
export const sendPresence = (
  world: World,
  author: Subscriber,
  to: Subscriber,
  state: PresenceState,
): void => {
  const from = jidOf(author, 'pn')
  const typing = (media?: string) => node('chatstate', { from }, [node('composing', { media })])
  const stanzas = {
    available: () => node('presence', { from }),
    unavailable: () => node('presence', { from, type: 'unavailable' }),
    composing: () => typing(),
    recording: () => typing('audio'),
    paused: () => node('chatstate', { from }, [node('paused')]),
  }
  for (const { device } of to.companions.values()) world.sessions.of(to, device)?.send(stanzas[state]())
}
