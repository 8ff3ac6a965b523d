/** Sessions that leave this Warren with their link, or come into it. */
import { type ApiModule, bind } from '../../http/index.ts'
import { exportSession, importSession } from './contract.ts'
import type { TransferService } from './service.ts'

export { createTransferService } from './service.ts'

export function createTransferModule(transfer: TransferService): ApiModule {
  return {
    name: 'transfer',
    routes: [
      bind(exportSession, async ({ principal, params, body, res }) => {
        res.set('Cache-Control', 'no-store')
        return transfer.leave(principal.organization, params.instance, body.passphrase)
      }),
      bind(importSession, ({ principal, params, body }) => {
        const { organization } = principal
        const { files, bundle = '', passphrase = '' } = body
        return files
          ? transfer.arriveFromFiles(organization, params.instance, files)
          : transfer.arriveFromBundle(organization, params.instance, bundle, passphrase)
      }),
    ],
  }
}
