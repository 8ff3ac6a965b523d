import { join } from 'node:path'
import { connectApi } from '../api-client.ts'
import type { Warren } from '../boot/warren.ts'
import { pairAgain, readInstance, readQr } from '../demo/instance-view.ts'
import { qrLines } from '../qr.ts'
import type { Terminal } from '../terminal.ts'
import { waitFor } from '../wait-for.ts'

const NAME = 'my-phone'
const ID = `default.${NAME}`
/** As long as a person may need to find the phone. */
const PATIENCE_MS = 600_000

/** Shows QRs in the terminal until the person's own phone has scanned one. Instances that exist already are left as they are. */
export async function linkRealPhone(warren: Warren, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { items } = await warren.cluster.instances.list()
  if (items.length === 0)
    await warren.cluster.instances.create({
      apiVersion: 'warren.dev/v1alpha1',
      kind: 'WhatsAppInstance',
      metadata: { name: NAME },
      spec: { organization: warren.owner.organization, pairing: { maxAttempts: 6 } },
    })
  else if (!items.some(({ metadata }) => metadata.name === NAME)) return
  terminal.heading('Your phone')
  terminal.row('Resource', join(warren.folder.instances, `${NAME}.yaml`))
  terminal.line('  WhatsApp on the phone: Settings → Linked devices → Link a device, then scan.')

  const api = await connectApi(warren.url, warren.owner)
  let shown: string | undefined
  let told: string | undefined
  let asked = false
  const connected = await waitFor(
    async () => {
      const instance = await readInstance(api, ID)
      if (!instance) return undefined
      if (instance.state === 'connected') return instance
      // Once a reason: the sentence may count attempts.
      if (instance.message && instance.reason !== told) {
        told = instance.reason
        const last = instance.lastDisconnect?.reason
        terminal.warn(last ? `${instance.message} (${last})` : instance.message)
      }
      if (!asked && (instance.state === 'parked' || instance.state === 'loggedOut')) {
        asked = true
        await pairAgain(api, ID)
      }
      if (instance.state !== 'pairing') return undefined
      const qr = await readQr(api, ID)
      if (qr !== undefined && qr !== shown) {
        shown = qr
        terminal.line()
        for (const line of await qrLines(qr, terminal)) terminal.line(line)
      }
      return undefined
    },
    PATIENCE_MS,
    signal,
  )
  if (!connected)
    terminal.warn(`Nobody scanned. Ask for a new QR with POST /api/v1/instances/${ID}/qr, or start again.`)
  else if (shown === undefined)
    terminal.success(`+${connected.account?.phone}: resumed the linked session without a new QR`)
  else terminal.success(`+${connected.account?.phone} is linked and connected`)
}
