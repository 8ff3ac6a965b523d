import { type ApiClient, ApiError } from '../api-client.ts'

/** What the API tells of an instance, as far as it is used here. */
export type InstanceView = {
  readonly id: string
  readonly state: string
  readonly account?: { readonly phone: string; readonly pushName?: string }
  readonly reason?: string
  readonly message?: string
  readonly lastDisconnect?: { readonly reason: string }
}

export function readInstance(api: ApiClient, id: string): Promise<InstanceView | undefined> {
  return unless(['not_found'], () => api.get<InstanceView>(`/instances/${id}`))
}

/** The QR to scan now; undefined while there is none. */
export async function readQr(api: ApiClient, id: string): Promise<string | undefined> {
  const notYet = [
    'pairing_unavailable',
    'session_unavailable',
    'session_timeout',
    'already_paired',
    'not_found',
  ]
  return (await unless(notYet, () => api.get<{ qr: string }>(`/instances/${id}/qr`)))?.qr
}

/** Asks for new QRs when nobody scanned the last ones, or the link was ended. */
export async function pairAgain(api: ApiClient, id: string): Promise<void> {
  await unless(['session_unavailable', 'session_timeout', 'already_paired'], () =>
    api.post(`/instances/${id}/qr`),
  )
}

async function unless<T>(codes: readonly string[], call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ApiError && codes.includes(error.code)) return undefined
    throw error
  }
}
