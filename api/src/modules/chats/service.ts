import { type InstanceId, WarrenError } from '@warren/contracts'
import { cutPage, decodeCursor, type Paged, type PageQuery } from '../../http/index.ts'
import type { ContactRepo } from '../contacts/index.ts'
import type { InstanceService } from '../instances/index.ts'
import type { ChatDoc, ChatRepo } from './repo.ts'

export type Chat = {
  readonly chat: ChatDoc
  /** Id of the contact. */
  readonly contact?: string
  readonly name?: string
  readonly unread: number
}

/** How many messages of each of these chats nobody has marked as read. */
export type CountUnread = (
  organization: string,
  instance: InstanceId,
  chats: readonly string[],
) => Promise<ReadonlyMap<string, number>>

export type ChatService = {
  list(organization: string, instance: InstanceId, page: PageQuery): Promise<Paged<Chat>>
  /**
   * @param chat id of a contact, phone number or JID
   * @throws WarrenError `not_found`, `validation_failed`
   */
  get(organization: string, instance: InstanceId, chat: string): Promise<Chat>
}

export function createChatService(deps: {
  repo: ChatRepo
  contacts: ContactRepo
  /** Key of whom a path names. @throws WarrenError `not_found`, `validation_failed` */
  keyOf: (organization: string, instance: InstanceId, text: string, field: string) => Promise<string>
  countUnread: CountUnread
  instances: Pick<InstanceService, 'require'>
}): ChatService {
  const { repo, contacts, keyOf, countUnread, instances } = deps

  /** With what is kept elsewhere: names and what is unread. */
  async function complete(
    organization: string,
    instance: InstanceId,
    rows: readonly ChatDoc[],
  ): Promise<Chat[]> {
    const keys = rows.map((chat) => chat.jid)
    const [people, unread] = await Promise.all([
      contacts.byKeys(organization, instance, keys),
      countUnread(organization, instance, keys),
    ])
    const byKey = new Map(people.map((contact) => [contact.jid, contact]))
    return rows.map((chat): Chat => {
      const { id, pushName } = byKey.get(chat.jid) ?? {}
      return {
        chat,
        ...(id === undefined ? {} : { contact: id }),
        ...(pushName === undefined ? {} : { name: pushName }),
        unread: unread.get(chat.jid) ?? 0,
      }
    })
  }

  return {
    async list(organization, instance, { limit, cursor }) {
      await instances.require(organization, instance)
      const [time, jid] = cursor === undefined ? [] : decodeCursor(cursor, ['time', 'text'])
      const after = time === undefined ? undefined : { lastAt: new Date(Number(time)), jid: String(jid) }
      const rows = await repo.list(organization, instance, limit + 1, after)
      const page = cutPage(rows, limit, (row) => [row.lastAt.getTime(), row.jid])
      return { ...page, items: await complete(organization, instance, page.items) }
    },

    async get(organization, instance, text) {
      await instances.require(organization, instance)
      const key = await keyOf(organization, instance, text, 'params.chat')
      const row = await repo.byKey(organization, instance, key)
      const [chat] = row ? await complete(organization, instance, [row]) : []
      if (!chat) throw new WarrenError('not_found')
      return chat
    },
  }
}
