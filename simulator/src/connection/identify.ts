import type { ClientFinish } from '../noise/index.ts'
import { node } from '../protocol/node.ts'
import type { World } from '../world/world.ts'
import { startRegistration } from './pairing/registration.ts'
import { startSession } from './session.ts'
import type { Role, Wire } from './wire.ts'

const DEAF: Role = { receive: () => {}, closed: () => {} }

const refuse = (wire: Wire, reason: number, attrs: Record<string, string> = {}): Role => {
  wire.send(node('failure', { reason: String(reason), location: 'sim', ...attrs }))
  wire.close()
  return DEAF
}

/** Decides what a client is: a companion that logs in with its stored key, or a new one that wants to be linked. */
export const identifyClient =
  (world: World) =>
  ({ clientKey, payload }: Omit<ClientFinish, 'transport'>, wire: Wire): Role => {
    if (payload.devicePairingData) return startRegistration(world, wire, clientKey, payload.devicePairingData)

    const number = payload.username?.toString() ?? ''
    wire.belongsTo(number)
    const failure = world.faults.take('loginFailure', number)
    if (failure) return refuse(wire, failure.reason, failure.attrs)

    const subscriber = world.directory.find(number)
    const companion = subscriber?.companions.get(payload.device ?? 0)
    if (!subscriber || !companion?.noiseKey.equals(clientKey)) return refuse(wire, 401)
    return startSession(world, wire, subscriber, companion)
  }
