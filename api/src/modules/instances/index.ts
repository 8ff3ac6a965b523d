/** Instances: WhatsAppInstance resources over REST. There are no rows of our own; kubectl sees the same thing. */
import type { ApiModule } from '../../http/index.ts'
import type { PairingService } from './pairing-service.ts'
import { instanceRoutes } from './routes.ts'
import type { InstanceService } from './service.ts'

export { createPairingService } from './pairing-service.ts'
export { instanceParams, phoneNumber } from './schema.ts'
export { createInstanceService, type InstanceService } from './service.ts'

export function createInstancesModule(instances: InstanceService, pairing: PairingService): ApiModule {
  return { name: 'instances', routes: instanceRoutes(instances, pairing) }
}
