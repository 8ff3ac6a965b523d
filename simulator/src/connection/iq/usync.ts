import { type BinaryNode, bytesOf, child, children, firstChild, node, seconds } from '../../protocol/node.ts'
import { jidOf, type Subscriber } from '../../world/directory.ts'
import type { IqContext, IqHandlers } from './iq.ts'

const deviceList = (subscriber: Subscriber): BinaryNode =>
  node('devices', {}, [
    node('device-list', {}, [
      node('device', { id: '0' }),
      ...[...subscriber.companions.values()].map(({ device, keyIndex }) =>
        // Clients ignore companions without a key index.
        node('device', { id: String(device), 'key-index': String(keyIndex) }),
      ),
    ]),
  ])

const PROTOCOLS: Record<string, (subscriber: Subscriber) => BinaryNode> = {
  contact: ({ behaviour }) => node('contact', { type: behaviour.registered ? 'in' : 'out' }),
  lid: (subscriber) => node('lid', { val: jidOf(subscriber, 'lid') }),
  devices: deviceList,
  status: () => node('status', { t: seconds() }, Buffer.from('Hey there! I am using WhatsApp.')),
  disappearing_mode: () => node('disappearing_mode', { duration: '0', t: seconds() }),
}

const subscriberOf = (user: BinaryNode, { world }: IqContext): [Subscriber, string] | undefined => {
  const { jid } = user.attrs
  if (jid) {
    const found = world.directory.byJid(jid)?.subscriber
    return found && [found, jid]
  }
  // onWhatsApp asks by telephone number and learns the JID from the answer.
  const number = bytesOf(child(user, 'contact')).toString().replace(/\D/g, '')
  if (!number) return undefined
  const subscriber = world.directory.ensure(number)
  return [subscriber, jidOf(subscriber, 'pn')]
}

/** Who has WhatsApp, with which devices and under which LID. */
export const usync: IqHandlers = {
  usync: (iq, context) => {
    const query = firstChild(iq)
    const protocols = (child(query, 'query')?.content ?? []) as BinaryNode[]
    const users = children(child(query, 'list'), 'user').flatMap((user) => {
      const found = subscriberOf(user, context)
      if (!found) return []
      const [subscriber, jid] = found
      // Of a number that is not registered WhatsApp says that alone.
      const told = protocols.filter(({ tag }) => tag === 'contact' || subscriber.behaviour.registered)
      const answers = told.flatMap(({ tag }) => PROTOCOLS[tag]?.(subscriber) ?? [])
      return [node('user', { jid }, answers)]
    })
    return [node('usync', { ...query?.attrs }, [node('list', {}, users)])]
  },
}
