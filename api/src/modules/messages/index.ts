/** Messages: accepted here, sent by the session, and projected from its journal. */
import type { ApiModule } from '../../http/index.ts'
import { messageRoutes } from './routes.ts'
import type { MessageService } from './service.ts'

export { addressSchema } from './contract.ts'
export { recipientJid } from './recipient.ts'
export {
  authorOf,
  createMessageRepo,
  type MessageCollection,
  type MessageDoc,
  messageCollection,
} from './repo.ts'
export { createMessageService, type MessageService, messageContent, type UploadedMedia } from './service.ts'

export function createMessagesModule(messages: MessageService): ApiModule {
  return { name: 'messages', routes: messageRoutes(messages) }
}
