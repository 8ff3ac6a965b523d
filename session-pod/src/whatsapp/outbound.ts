/** What goes out, fixed once: the same bytes are sent again after a crash, never built anew. */
import { proto } from './baileys.ts'
import type { ImageMessage } from './content.ts'

/** @param secret 32 random bytes: what later edits, polls and reports of the message are authenticated with */
export function textProto(text: string, secret: Uint8Array): Uint8Array {
  return encode({ extendedTextMessage: { text } }, secret)
}

export function imageProto(image: ImageMessage, secret: Uint8Array): Uint8Array {
  return encode({ imageMessage: image }, secret)
}

function encode(message: proto.IMessage, messageSecret: Uint8Array): Uint8Array {
  return proto.Message.encode(
    proto.Message.fromObject({ ...message, messageContextInfo: { messageSecret } }),
  ).finish()
}

export function decodeProto(bytes: Uint8Array): proto.IMessage {
  return proto.Message.decode(bytes)
}
