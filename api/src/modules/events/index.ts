/** Live events. `stream.ts` is the core: order, resume and healing; SSE and Socket.IO are its outlets. */
import type { InstanceId } from '@warren/contracts'
import type { ApiModule } from '../../http/index.ts'
import type { Authenticate } from '../auth/index.ts'
import { eventRoutes } from './routes.ts'
import type { SseServer } from './sse.ts'

export { createStreamClients } from './clients.ts'
export { createEventHub, type EventHub } from './hub.ts'
export { createSocketServer, type SocketServer } from './socket-server.ts'
export { createSseServer, type SseServer } from './sse.ts'
export { createOpenStream, type OpenStream } from './stream.ts'

export type EventsDeps = {
  readonly sse: SseServer
  readonly authenticate: Authenticate
  readonly requireInstance: (organization: string, instance: InstanceId) => Promise<unknown>
}

export function createEventsModule(deps: EventsDeps): ApiModule {
  return { name: 'events', routes: eventRoutes(deps) }
}
