import { type BinaryNode, child, node, SERVER, seconds } from '../protocol/node.ts'
import { type Companion, jidOf, type Subscriber } from '../world/directory.ts'
import { acceptMessage } from '../world/from-session.ts'
import { receiveAck, receiveReceipt } from '../world/receipts.ts'
import type { EndEvent, Session } from '../world/sessions.ts'
import type { World } from '../world/world.ts'
import { answerIq } from './iq/router.ts'
import type { Role, Wire } from './wire.ts'

/** The stanza with which WhatsApp ends a stream, for the endings that have one. */
const lastStanza = (end: EndEvent): BinaryNode | undefined => {
  switch (end.event) {
    case 'deviceRemoved':
      return node('stream:error', { code: '401' }, [node('conflict', { type: 'device_removed' })])
    case 'replaced':
      return node('stream:error', {}, [node('conflict', { type: 'replaced' })])
    case 'streamError': {
      const code = end.code === undefined ? undefined : String(end.code)
      return node('stream:error', { code }, end.child ? [node(end.child, end.attrs)] : undefined)
    }
    case 'streamEnd':
      return node('xmlstreamend')
    case 'downgrade':
      return node('ib', { from: SERVER }, [node('downgrade_webclient')])
    default:
      return undefined
  }
}

const endWire = (wire: Wire, end: EndEvent): void => {
  const last = lastStanza(end)
  if (last) wire.send(last)
  if (end.event === 'garbage') wire.sendGarbage()
  else if (end.event === 'terminate') wire.terminate()
  else wire.close()
}

/** Logs a companion in: throws out an older connection of the same device, says success, then serves its stanzas. */
export const startSession = (
  world: World,
  wire: Wire,
  subscriber: Subscriber,
  companion: Companion,
): Role => {
  world.sessions.of(subscriber, companion.device)?.end({ event: 'replaced' })

  const session: Session = {
    subscriber,
    companion,
    connectedAt: Date.now(),
    lastFrameAt: Date.now(),
    active: false,
    presence: undefined,
    typed: 0,
    send: (stanza) => wire.send(stanza),
    end(event) {
      endWire(wire, event)
      // A stream that was ended gets nothing more, even while its socket closes.
      if (event.event !== 'garbage') world.sessions.remove(session)
    },
  }
  world.sessions.add(session)

  const receiveIq = (iq: BinaryNode) => {
    if (iq.attrs.type === 'result' || iq.attrs.type === 'error') return
    const { ignoreIqs } = world.faults.effective(subscriber.number)
    if (ignoreIqs === true || (Array.isArray(ignoreIqs) && ignoreIqs.includes(iq.attrs.xmlns ?? ''))) return
    wire.send(answerIq(iq, { world, session }))
  }

  const receivers: Record<string, (stanza: BinaryNode) => void> = {
    iq: receiveIq,
    message: (stanza) => acceptMessage(world, session, stanza),
    receipt: (stanza) => receiveReceipt(world, session, stanza),
    ack: (stanza) => receiveAck(world, session, stanza),
    presence({ attrs }) {
      // Stray presences without a type come with nearly every change of the client's credentials.
      if (attrs.type === 'available' || attrs.type === 'unavailable') session.presence = attrs.type
    },
    chatstate(stanza) {
      if (child(stanza, 'composing')) session.typed++
    },
    ib: () => {},
  }

  wire.send(
    node('success', {
      t: seconds(),
      lid: jidOf(subscriber, 'lid', companion.device),
      display_name: subscriber.pushName,
      creation: seconds(),
    }),
  )

  return {
    receive(stanza) {
      session.lastFrameAt = Date.now()
      const receiver = receivers[stanza.tag]
      if (receiver) receiver(stanza)
      else world.settings.log(`unknown stanza ${stanza.tag}, ignored`)
    },
    closed: () => world.sessions.remove(session),
  }
}
