import type { PasskeyStep } from '@warren/contracts'

export function presentStep({ id, stage, options, confirmationCode, expiresAt }: PasskeyStep) {
  return {
    id,
    stage,
    ...(options ? { options } : {}),
    ...(confirmationCode ? { confirmationCode } : {}),
    expiresAt: expiresAt.toISOString(),
  }
}
