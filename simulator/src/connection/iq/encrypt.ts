import {
  type BinaryNode,
  bytesOf,
  child,
  childBytes,
  children,
  firstChild,
  node,
  uintBytes,
  uintOf,
} from '../../protocol/node.ts'
import { bundleNodes, bundleOf, signedPreKeyOf } from '../../world/bundles.ts'
import { type IqContext, IqError, type IqHandlers } from './iq.ts'

/** More than any client thinks is low. */
const PLENTY = 100

const userBundle = (user: BinaryNode, { world }: IqContext): BinaryNode => {
  const { jid } = user.attrs
  const target = world.directory.byJid(jid)
  const bundle = target && bundleOf(target.subscriber, target.device)
  // One error fails the client's whole send, so it is given only for devices that do not exist.
  if (!bundle) return node('user', { jid }, [node('error', { code: '404', text: 'item-not-found' })])
  const registration = node('registration', {}, uintBytes(bundle.registrationId, 4))
  return node('user', { jid }, [registration, ...bundleNodes(bundle)])
}

const storeKeys = (iq: BinaryNode, { session }: IqContext): undefined => {
  const { companion } = session
  for (const key of children(child(iq, 'list'), 'key')) {
    companion.preKeys.set(uintOf(childBytes(key, 'id')), childBytes(key, 'value'))
  }
  const signedPreKey = signedPreKeyOf(child(iq, 'skey'))
  if (signedPreKey) companion.keys = { ...companion.keys, signedPreKey }
  const registration = bytesOf(child(iq, 'registration'))
  if (registration.length) companion.keys = { ...companion.keys, registrationId: uintOf(registration) }
}

/** Pre-keys: count, upload, digest, rotation, and the bundles of other devices. */
export const encrypt: IqHandlers = {
  'encrypt get/count': (_iq, { world, session }) => {
    const count = world.settings.prekeyCount === 'plenty' ? PLENTY : session.companion.preKeys.size
    return [node('count', { value: String(count) })]
  },
  'encrypt get/digest': () => [node('digest')],
  'encrypt get/key': (iq, context) => {
    const users = children(firstChild(iq), 'user')
    const bundles = users.map((user) => userBundle(user, context))
    return [node('list', {}, bundles)]
  },
  'encrypt set/rotate': (iq, { session }) => {
    const signedPreKey = signedPreKeyOf(child(firstChild(iq), 'skey'))
    if (!signedPreKey) throw new IqError(406, 'rotate without skey')
    session.companion.keys = { ...session.companion.keys, signedPreKey }
    return undefined
  },
  encrypt: storeKeys,
}
