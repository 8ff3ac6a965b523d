/** An account from YAML to connected, as a platform team and a phone would do it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@warren/runtime/testing'
import type { Caller, Product } from './product.ts'

export type InstanceView = { id: string; state: string; active: boolean; account?: { phone: string } }

export const manifest = (name: string, spec: object = {}) =>
  `${JSON.stringify({
    apiVersion: 'warren.dev/v1alpha1',
    kind: 'WhatsAppInstance',
    metadata: { name },
    spec: { organization: 'demo', ...spec },
  })}\n`

/** Applies the YAML, scans its QR with a simulated phone, waits until it is active. Returns the instance's id. */
export async function linkAccount(
  product: Product,
  api: Caller,
  name: string,
  number: string,
): Promise<string> {
  await product.simulator.phones.create({ number, pushName: name })
  writeFileSync(join(product.instances, `${name}.yaml`), manifest(name))
  const id = `default.${name}`
  const { qr } = await until(() => api.call<{ qr?: string }>('GET', `/instances/${id}/qr`), {
    timeoutMs: 60_000,
    describe: `a QR of ${id}`,
  })
  await product.simulator.phones.scan(number, qr ?? '')
  await waitActive(api, id)
  return id
}

export async function waitActive(api: Caller, id: string, timeoutMs = 60_000): Promise<void> {
  await until(async () => (await api.call<InstanceView>('GET', `/instances/${id}`)).active, {
    timeoutMs,
    describe: `${id} to be active`,
  })
}
