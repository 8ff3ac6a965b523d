/** From a row of the queue to the final bytes of its message. */
import type { MessageContent, QueueDoc } from '@warren/contracts'
import type { Messenger } from '../whatsapp/messenger.ts'
import { textProto } from '../whatsapp/outbound.ts'

export type BuiltMessage = { readonly proto: Uint8Array; readonly content: MessageContent }

export type MessageBuilder = (row: QueueDoc, messenger: Messenger) => Promise<BuiltMessage>

export type ImageBuilder = (
  content: Extract<QueueDoc['content'], { type: 'image' }>,
  row: QueueDoc,
  messenger: Messenger,
) => Promise<BuiltMessage>

/**
 * @param buildImage fetches and uploads an image
 * @param secret 32 random bytes for each message
 */
export function createMessageBuilder(buildImage: ImageBuilder, secret: () => Uint8Array): MessageBuilder {
  return async (row, messenger) => {
    const { content } = row
    if (content.type === 'image') return buildImage(content, row, messenger)
    return { proto: textProto(content.text, secret()), content: { type: 'text', text: content.text } }
  }
}
