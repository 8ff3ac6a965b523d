/** Chats with their last message, name and number of unread messages. */
import { type ApiModule, bind, presentPage } from '../../http/index.ts'
import { getChat, listChats } from './contract.ts'
import { presentChat } from './present.ts'
import type { ChatService } from './service.ts'

export { type ChatCollection, type ChatDoc, chatCollection, createChatRepo } from './repo.ts'
export { type ChatService, type CountUnread, createChatService } from './service.ts'

export function createChatsModule(chats: ChatService): ApiModule {
  return {
    name: 'chats',
    routes: [
      bind(listChats, async ({ principal, params, query }) =>
        presentPage(await chats.list(principal.organization, params.instance, query), presentChat),
      ),
      bind(getChat, async ({ principal, params }) =>
        presentChat(await chats.get(principal.organization, params.instance, params.chat)),
      ),
    ],
  }
}
