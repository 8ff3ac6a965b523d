/** Linking an account for which WhatsApp asks a passkey. */
export type { PasskeyFailure } from './flow.ts'
export { createPasskeyPairing, type PasskeyPairing } from './passkey-pairing.ts'
