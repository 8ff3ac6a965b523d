/** Password hashes (bcrypt). */
import { WarrenError } from '@warren/contracts'
import bcrypt from 'bcrypt'

/** bcrypt ignores what comes after this many bytes, so longer passwords are refused and not cut. */
export const MAX_PASSWORD_BYTES = 72

export type Passwords = {
  /** @throws WarrenError `validation_failed` above 72 bytes */
  hash(password: string): Promise<string>
  /** Takes the same time whether or not there is a hash, so that nobody learns which addresses are registered. */
  matches(password: string, hash: string | undefined): Promise<boolean>
}

/** @param rounds the cost, as a power of two */
export function createPasswords(rounds: number): Passwords {
  const decoy = bcrypt.hash('nobody has this password', rounds)
  return {
    async hash(password) {
      if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
        const message = `"password" must not be longer than ${MAX_PASSWORD_BYTES} bytes`
        throw new WarrenError('validation_failed', message, {
          details: { fields: [{ path: 'body.password', message }] },
        })
      }
      return bcrypt.hash(password, rounds)
    },
    async matches(password, hash) {
      const equal = await bcrypt.compare(password, hash ?? (await decoy))
      return equal && hash !== undefined && Buffer.byteLength(password) <= MAX_PASSWORD_BYTES
    },
  }
}
