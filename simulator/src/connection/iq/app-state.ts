import { child, children, firstChild, node } from '../../protocol/node.ts'
import type { IqHandlers } from './iq.ts'

/** App state: patches of the client are accepted by raising the version; nothing is ever pushed. */
export const appState: IqHandlers = {
  'w:sync:app:state': (iq) => [
    node(
      'sync',
      {},
      // Each requested collection must come back, or Baileys asks again without end.
      children(firstChild(iq), 'collection').map((collection) => {
        const version = Number(collection.attrs.version ?? 0) + (child(collection, 'patch') ? 1 : 0)
        return node('collection', { name: collection.attrs.name, version: String(version), type: 'result' })
      }),
    ),
  ],
}
