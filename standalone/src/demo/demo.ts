import { existsSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type ApiClient, connectApi } from '../api-client.ts'
import type { Warren } from '../boot/warren.ts'
import { qrLines } from '../qr.ts'
import type { Terminal } from '../terminal.ts'
import { waitFor } from '../wait-for.ts'
import { exchangeMessages } from './exchange-messages.ts'
import { type InstanceView, pairAgain, readInstance, readQr } from './instance-view.ts'
import { CONTACT, PHONE } from './people.ts'

/** The demonstration's resource, in the repository and in the data folder. */
const EXAMPLE = join(import.meta.dirname, '..', '..', '..', 'examples', 'instances', 'demo.yaml')
const ID = 'default.demo'
/** A session process loads Baileys, which takes seconds on a small machine. */
const PATIENCE_MS = 60_000

/** Shows one account from its resource to its first messages, with a simulated phone and a simulated contact. */
export async function runDemo(warren: Warren, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { simulator } = warren
  if (!simulator) return
  const phones = simulator.control
  const file = join(warren.folder.instances, 'demo.yaml')
  const isNew = !existsSync(file)
  terminal.heading('Demonstration')
  if (isNew) {
    await copyFile(EXAMPLE, file)
    await warren.cluster.rescan()
  }
  terminal.row(
    'Resource',
    `${relative(process.cwd(), file)}${isNew ? ', a copy of examples/instances/demo.yaml' : ''}`,
  )
  await phones.phones.create({ ...PHONE })
  await phones.contacts.set({ ...CONTACT, deliverAfterMs: 400, readAfterMs: 700 })

  const api = await connectApi(warren.url, warren.owner)
  const linked = await connect(api)
  if (!linked) {
    terminal.warn(
      `The session is not connected after ${PATIENCE_MS / 1_000} s; logs/default.demo.log may tell why.`,
    )
    return
  }
  await exchangeMessages({ api, simulator: phones, terminal, signal, instance: ID })

  async function connect(api: ApiClient): Promise<boolean> {
    const beganMs = performance.now()
    let shown: string | undefined
    let asked = false
    const look = async (): Promise<InstanceView | undefined> => {
      const instance = await readInstance(api, ID)
      if (instance?.state === 'connected') return instance
      if (instance?.state === 'suspended') return instance
      if (!asked && (instance?.state === 'parked' || instance?.state === 'loggedOut')) {
        asked = true
        await pairAgain(api, ID)
      }
      if (instance?.state !== 'pairing') return undefined
      const qr = await readQr(api, ID)
      if (qr !== undefined && qr !== shown) {
        shown = qr
        await scan(qr)
      }
      return undefined
    }
    const instance = await waitFor(look, PATIENCE_MS, signal)
    if (instance?.state !== 'connected') return false
    const seconds = terminal.style('dim', `${((performance.now() - beganMs) / 1_000).toFixed(1)} s`)
    const how =
      shown === undefined ? 'resumed the linked session without a new QR' : `scanned and connected ${seconds}`
    terminal.success(`+${instance.account?.phone}: ${how}`)
    return true
  }

  async function scan(qr: string): Promise<void> {
    terminal.line()
    for (const line of await qrLines(qr, terminal)) terminal.line(line)
    terminal.line(`  The phone of ${PHONE.pushName} scans it …`)
    terminal.line()
    // The phone may be late for this QR; the next one is shown then.
    await phones.phones.scan(PHONE.number, qr).catch(() => {})
  }
}
