import type { BinaryNode } from '@whiskeysockets/baileys'
import type { KeyBundle } from './signal-device.ts'

/** A connection that registered a new companion and waits for a phone to scan its QR or type its code. */
export interface PendingCompanion {
  noiseKey: Buffer
  keys: Omit<KeyBundle, 'preKey'>
  platform: string
  refs: string[]
  /** ADV secrets (base64) that `companion_reg_refresh` made invalid. */
  retiredSecrets: Set<string>
  code?: PendingCode
  /** Answers to the companion's iqs, by the tag of their child: the children of the result. Throws `IqError`. */
  questions: Map<string, (asking: BinaryNode) => BinaryNode[] | undefined>
  /** Aborted when the connection closes. */
  gone: AbortSignal
  send(node: BinaryNode): void
  /** Sends an iq and resolves with the client's result; rejects when the connection closes or after 10 s. */
  request(node: BinaryNode): Promise<BinaryNode>
  /** Resolves with the client's `companion_finish` children for the code the phone answered; rejects as above. */
  nextFinish(): Promise<BinaryNode>
  /** Tells the client to restart (515) and closes. */
  restart(): void
}

/** The first half of pairing by code, as the client sent it. */
export interface PendingCode {
  number: string
  ref: string
  /** 32 bytes salt, 16 bytes IV, 32 bytes encrypted ephemeral key. */
  wrappedEphemeral: Buffer
}

export interface Pairings {
  add(pending: PendingCompanion): void
  remove(pending: PendingCompanion): void
  byRef(ref: string): PendingCompanion | undefined
  /** The latest connection that asked for a code for this number. */
  byCodeNumber(number: string): PendingCompanion | undefined
  all(): PendingCompanion[]
}

export const createPairings = (): Pairings => {
  const pending = new Set<PendingCompanion>()
  return {
    add: (one) => void pending.add(one),
    remove: (one) => void pending.delete(one),
    byRef: (ref) => [...pending].find((one) => one.refs.includes(ref)),
    byCodeNumber: (number) => [...pending].reverse().find((one) => one.code?.number === number),
    all: () => [...pending],
  }
}
