import { type BoundRoute, bind, presentPage } from '../../http/index.ts'
import { getMessage, listMessages, markRead, sendMessage } from './contract.ts'
import { presentMessage } from './present.ts'
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
    bind(markRead, async ({ principal, params, body }) => ({
      marked: await messages.markRead(principal.organization, params.instance, body.messageIds),
    })),
  ]
}
