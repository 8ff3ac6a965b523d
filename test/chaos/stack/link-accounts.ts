import { until } from '@warren/runtime/testing'
import type { Stack } from './stack.ts'

const PATIENCE = { timeoutMs: 120_000, everyMs: 50 }

/** Links every account with a simulated phone, and has contacts confirm what they get. */
export async function linkAccounts({ sessions, simulator }: Stack): Promise<void> {
  await Promise.all(
    sessions.map(async ({ number, instance, contacts, prober, doc }) => {
      await simulator.phones.create({ number })
      for (const contact of [...contacts, prober])
        await simulator.contacts.set({ number: contact, deliverAfterMs: 20, readAfterMs: null })
      const { qr } = await until(async () => (await doc())?.status?.pairing, {
        ...PATIENCE,
        describe: `a QR of ${instance}`,
      })
      await simulator.phones.scan(number, qr ?? '')
      await until(async () => (await doc())?.status?.phase === 'connected', {
        ...PATIENCE,
        describe: `${instance} to be connected`,
      })
    }),
  )
}
