import { connected, type Handler } from './context.ts'

export const markRead: Handler<'message.markRead'> = async ({ chat, messageIds }, context) => {
  await connected(context).markRead(chat, messageIds)
  return { marked: messageIds.length }
}
