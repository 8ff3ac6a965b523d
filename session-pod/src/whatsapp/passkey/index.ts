/** Linking an account for which WhatsApp asks a passkey. */
export type { PasskeyFailure } from './flow.ts'
export { createPasskeyPairing, type PasskeyPairing, type PasskeyPairingOptions } from './passkey-pairing.ts'
