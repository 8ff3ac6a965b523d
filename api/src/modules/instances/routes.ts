import type { SpecPatch } from '@warren/runtime/cluster'
import { type BoundRoute, bind, presentPage } from '../../http/index.ts'
import {
  createInstance,
  deleteInstance,
  disconnectInstance,
  getInstance,
  getQr,
  getQrPng,
  getQrSvg,
  listInstances,
  logoutInstance,
  restartInstance,
  startCode,
  startQr,
  updateInstance,
} from './contract.ts'
import type { PairingService } from './pairing-service.ts'
import { presentInstance, presentPairing } from './present.ts'
import { sendQrImage } from './qr-image.ts'
import type { InstanceService } from './service.ts'

export function instanceRoutes(instances: InstanceService, pairing: PairingService): BoundRoute[] {
  return [
    bind(createInstance, async ({ principal, body, seed }) =>
      presentInstance(await instances.create(principal.organization, body, seed)),
    ),
    bind(listInstances, async ({ principal, query }) => {
      if (principal.instance === undefined)
        return presentPage(await instances.list(principal.organization, query), presentInstance)
      return { items: [presentInstance(await instances.get(principal.organization, principal.instance))] }
    }),
    bind(getInstance, async ({ principal, params }) =>
      presentInstance(await instances.get(principal.organization, params.instance)),
    ),
    bind(updateInstance, async ({ principal, params, body }) =>
      presentInstance(await instances.update(principal.organization, params.instance, replacingProxy(body))),
    ),
    bind(deleteInstance, async ({ principal, params, query }) =>
      presentInstance(await instances.remove(principal.organization, params.instance, query.deletionPolicy)),
    ),
    ...pairingRoutes(pairing),
    bind(restartInstance, async ({ principal, params }) =>
      presentInstance(await instances.restart(principal.organization, params.instance)),
    ),
    bind(logoutInstance, async ({ principal, params }) =>
      presentInstance(await instances.logout(principal.organization, params.instance)),
    ),
    bind(disconnectInstance, async ({ principal, params }) =>
      presentInstance(await instances.disconnect(principal.organization, params.instance)),
    ),
  ]
}

/** A pool takes the place of a secret that was named before; a merge would keep both. */
function replacingProxy(patch: SpecPatch): SpecPatch {
  return patch.proxy ? { ...patch, proxy: { ...patch.proxy, secretRef: null } } : patch
}

function pairingRoutes(pairing: PairingService): BoundRoute[] {
  return [
    bind(getQr, async ({ principal, params, req, res }) => {
      const current = await pairing.currentQr(principal.organization, params.instance)
      const wanted = req.accepts(['json', 'png', 'svg'])
      if (wanted === 'png' || wanted === 'svg') return sendQrImage(res, current.qr, wanted)
      res.set('Cache-Control', 'no-store')
      return presentPairing(current)
    }),
    bind(getQrPng, async ({ principal, params, res }) =>
      sendQrImage(res, (await pairing.currentQr(principal.organization, params.instance)).qr, 'png'),
    ),
    bind(getQrSvg, async ({ principal, params, res }) =>
      sendQrImage(res, (await pairing.currentQr(principal.organization, params.instance)).qr, 'svg'),
    ),
    bind(startQr, async ({ principal, params }) =>
      presentPairing(await pairing.startQr(principal.organization, params.instance)),
    ),
    bind(startCode, async ({ principal, params, body }) =>
      presentPairing(await pairing.startCode(principal.organization, params.instance, body.phoneNumber)),
    ),
  ]
}
