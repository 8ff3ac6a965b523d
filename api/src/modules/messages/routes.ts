import { type BoundRoute, bind, presentPage } from '../../http/index.ts'
import { getMessage, listMessages, listQueue, markRead, sendMessage } from './contract.ts'
import { presentMessage, presentWaiting } from './present.ts'
import type { MessageService } from './service.ts'

export function messageRoutes(messages: MessageService): BoundRoute[] {
  return [
    bind(sendMessage, async ({ principal, params, body, seed }) =>
      presentMessage(await messages.send(principal.organization, params.instance, body, seed)),
    ),
    bind(listMessages, async ({ principal, params, query }) =>
      presentPage(await messages.list(principal.organization, params.instance, query), presentMessage),
    ),
    bind(getMessage, async ({ principal, params }) =>
      presentMessage(await messages.get(principal.organization, params.instance, params.message)),
    ),
    bind(listQueue, async ({ principal, params, query }) => {
      const { items, total } = await messages.waiting(principal.organization, params.instance, query.limit)
      return { total, items: items.map(({ id, to, ...waiting }) => ({ id, to, ...presentWaiting(waiting) })) }
    }),
    bind(markRead, async ({ principal, params, body }) => ({
      marked: await messages.markRead(principal.organization, params.instance, body.messageIds),
    })),
  ]
}
