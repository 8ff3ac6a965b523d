/** All of receiving: the stanzas, and what is fetched behind them: images, and the history of the phone. */
import type { JournalEntry, Message } from '@warren/contracts'
import type { Logger } from '@warren/runtime/logger'
import { createHistoryImporter } from './history/index.ts'
import { createInboundMedia, mediaChange } from './media/inbound-media.ts'
import type { ObjectStore } from './media/object-store.ts'
import type { Proxies } from './proxy/index.ts'
import {
  createKnownMessages,
  createTraffic,
  decodeImage,
  downloadMedia,
  encodeImage,
  type KeyStores,
  readHistory,
  storeTokens,
  type Traffic,
  type TrafficOptions,
  type WhatsAppLink,
  whatsAppHosts,
} from './whatsapp/index.ts'

export type Receiving = {
  readonly traffic: Traffic
  /** After each commit: it may have brought something to fetch. */
  onDurable(entries: readonly JournalEntry[]): void
  /** What is left may be fetched now. */
  poke(): void
  stop(): void
}

export function createReceiving(
  options: Omit<TrafficOptions, 'onMedia' | 'known'> & {
    objects: ObjectStore
    keys: KeyStores
    link: () => WhatsAppLink
    /** Resolves when all that was applied is durable. */
    settled: () => Promise<unknown>
    /** A message of the phone's history is taken in; called inside the group that journals it. */
    onPast: (message: Message) => void
    /** Present when nothing may go directly. */
    proxies: Proxies | undefined
    /** Whether this is the simulator, whose files lie anywhere. */
    simulated: boolean
    logger: Logger
  },
): Receiving {
  const { state, groups, addresses, own, keys, proxies, clock, logger } = options
  const hosts = options.simulated ? () => true : whatsAppHosts
  const agentTo = proxies && ((place: URL) => proxies.current().to(place))

  const known = createKnownMessages(state, groups)
  const images = createInboundMedia({
    ...{ state, objects: options.objects, clock, logger },
    // By the form that does not go to somebody else with the number.
    complete: (chat) => ({ ...addresses.complete(chat.lid ?? chat.jid), ...chat }),
    fetchImage: (bytes) => downloadMedia(decodeImage(bytes), 'image', hosts, agentTo),
  })
  const history = createHistoryImporter({
    ...{ state, groups, known, addresses, own, clock, logger },
    read: (notice) => readHistory(notice, hosts, agentTo),
    learn() {
      const mappings =
        options.link().messenger() && options.link().connection()?.socket.signalRepository.lidMapping
      return (
        mappings &&
        (async ({ pairs, chats }) => {
          await mappings.storeLIDPNMappings([...pairs])
          await storeTokens(chats, keys.passThrough, (jid) => addresses.complete(jid).lid)
        })
      )
    },
    onMessage: options.onPast,
    settled: options.settled,
  })
  const traffic = createTraffic({
    ...options,
    known,
    onMedia({ message, image }) {
      const { id, chat, content } = message
      if (image && content.type === 'image')
        groups.put(mediaChange({ id, chat, media: content.media, image: encodeImage(image) }, clock.now()))
    },
  })
  return {
    traffic,
    onDurable(entries) {
      if (entries.some(({ type }) => type === 'message.received')) images.poke()
      history.poke()
    },
    poke() {
      images.poke()
      history.poke()
    },
    stop() {
      images.stop()
      history.stop()
    },
  }
}
