import type { InstanceId } from '@warren/contracts'
import { cutPage, decodeCursor, type Paged, type PageQuery } from '../../http/index.ts'
import type { ContactRepo } from '../contacts/index.ts'
import type { InstanceService } from '../instances/index.ts'
import type { ChatDoc, ChatRepo } from './repo.ts'

export type Chat = { readonly chat: ChatDoc; readonly name?: string; readonly unread: number }

/** How many messages of each of these chats nobody has marked as read. */
export type CountUnread = (
  organization: string,
  instance: InstanceId,
  chats: readonly string[],
) => Promise<ReadonlyMap<string, number>>

export type ChatService = {
  list(organization: string, instance: InstanceId, page: PageQuery): Promise<Paged<Chat>>
}

export function createChatService(deps: {
  repo: ChatRepo
  contacts: ContactRepo
  countUnread: CountUnread
  instances: Pick<InstanceService, 'require'>
}): ChatService {
  const { repo, contacts, countUnread, instances } = deps
  return {
    async list(organization, instance, { limit, cursor }) {
      await instances.require(organization, instance)
      const [time, jid] = cursor === undefined ? [] : decodeCursor(cursor, ['time', 'text'])
      const after = time === undefined ? undefined : { lastAt: new Date(Number(time)), jid: String(jid) }
      const rows = await repo.list(organization, instance, limit + 1, after)
      const page = cutPage(rows, limit, (row) => [row.lastAt.getTime(), row.jid])
      const keys = page.items.map((chat) => chat.jid)
      const [people, unread] = await Promise.all([
        contacts.byKeys(organization, instance, keys),
        countUnread(organization, instance, keys),
      ])
      const names = new Map(people.map((contact) => [contact.jid, contact.pushName]))
      const items = page.items.map((chat): Chat => {
        const name = names.get(chat.jid)
        return { chat, ...(name === undefined ? {} : { name }), unread: unread.get(chat.jid) ?? 0 }
      })
      return { ...page, items }
    },
  }
}
