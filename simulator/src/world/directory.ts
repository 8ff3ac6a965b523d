import { type Addressing, lidJid, lidOf, type ParsedJid, parseJid, pnJid } from './address.ts'
import { createDeviceQueue, type DeviceQueue } from './device-queue.ts'
import {
  createSignalDevice,
  type KeyBundle,
  type SignalDevice,
  type SignalDeviceState,
} from './signal-device.ts'

/** A linked device: a client of ours that logs in with its Noise key. */
export interface Companion {
  device: number
  keyIndex: number
  noiseKey: Buffer
  /** Its public Signal keys, without one-time keys. */
  keys: Omit<KeyBundle, 'preKey'>
  /** One-time keys it uploaded and nobody took yet, in order of upload. */
  preKeys: Map<number, Uint8Array>
  platform: string
  /** False until its first login after pairing; the initial sync goes out then. */
  synced: boolean
  queue: DeviceQueue
}

/** How a simulated number reacts to messages by itself. Times in milliseconds. */
export interface Behaviour {
  /** Delay of the delivery receipt; null sends none. Under about 100 ms Baileys folds it into the upsert. */
  deliverAfterMs: number | null
  /** Delay of the read receipt after the delivery; null sends none. */
  readAfterMs: number | null
  /** Answers each text with the same text. */
  echo: boolean
  /** The next N messages cannot be decrypted: it asks for a retry. */
  failDecrypts: number
  /** Whether the number has WhatsApp at all. */
  registered: boolean
}

/** A passkey that a number has registered with WhatsApp. */
export interface Passkey {
  /** base64url */
  credentialId: string
  /** SubjectPublicKeyInfo in base64, as `getPublicKey()` gives it. */
  publicKey: string
}

/** A phone number: a contact, or an account when companions are linked to it. */
export interface Subscriber {
  number: string
  lid: string
  pushName: string
  /** Created as a phone: shown in the list of phones and able to link companions. */
  isPhone: boolean
  /** Sends app state keys and an empty history to a companion that logs in first. */
  initialSync: boolean
  behaviour: Behaviour
  /** WhatsApp asks for it when a device is linked. */
  passkey?: Passkey | undefined
  /** What the phone shows to be compared, while a device that did not vouch for itself is linked. */
  passkeyCode?: string | undefined
  /** Device 0, played by the simulator. Made when first needed. */
  readonly phone: SignalDevice
  companions: Map<number, Companion>
  nextDevice: number
  nextKeyIndex: number
}

export interface SubscriberState extends Pick<Subscriber, 'number' | 'pushName' | 'isPhone' | 'initialSync'> {
  behaviour: Partial<Behaviour>
  /** Absent in states of before numbers could change. */
  lid?: string | undefined
  passkey?: Passkey | undefined
  phone?: SignalDeviceState | undefined
  companions: Omit<Companion, 'queue'>[]
  nextDevice: number
  nextKeyIndex: number
}

export interface Directory {
  /** The number's subscriber, made on first use. */
  ensure(number: string): Subscriber
  find(number: string): Subscriber | undefined
  /** Whom a JID means. Numbers come into being when named; a LID that nobody has is undefined. */
  byJid(jid: string | undefined): (ParsedJid & { subscriber: Subscriber }) | undefined
  all(): Subscriber[]
  restore(state: SubscriberState): Subscriber
  state(subscriber: Subscriber): SubscriberState
  /** The same person, with the LID and the phone, under a number that nobody has. */
  changeNumber(subscriber: Subscriber, to: string): Subscriber
  clear(): void
}

export const createDirectory = (defaults: () => Behaviour): Directory => {
  const byNumber = new Map<string, Subscriber>()
  const byLid = new Map<string, Subscriber>()
  const devices = new Map<string, SignalDevice>()

  /** A LID goes along with who changes the number: the next owner of the number has another. */
  const freeLid = (number: string): string => {
    for (let owner = 0; ; owner++) {
      const lid = lidOf(owner === 0 ? number : `${number}/${owner}`)
      if (!byLid.has(lid)) return lid
    }
  }

  const create = (number: string, kept?: SubscriberState): Subscriber => {
    const lid = kept?.lid ?? freeLid(number)
    if (kept?.phone) devices.set(number, createSignalDevice(kept.phone))
    const subscriber: Subscriber = {
      number,
      lid,
      pushName: kept?.pushName ?? `Contact ${number}`,
      isPhone: kept?.isPhone ?? false,
      initialSync: kept?.initialSync ?? false,
      behaviour: { ...defaults(), ...kept?.behaviour },
      passkey: kept?.passkey,
      get phone() {
        let device = devices.get(number)
        if (!device) {
          device = createSignalDevice()
          devices.set(number, device)
        }
        return device
      },
      companions: new Map(kept?.companions.map((c) => [c.device, { ...c, queue: createDeviceQueue() }])),
      nextDevice: kept?.nextDevice ?? 1,
      nextKeyIndex: kept?.nextKeyIndex ?? 1,
    }
    byNumber.set(number, subscriber)
    byLid.set(lid, subscriber)
    return subscriber
  }
  const state = (subscriber: Subscriber): SubscriberState => ({
    number: subscriber.number,
    pushName: subscriber.pushName,
    isPhone: subscriber.isPhone,
    initialSync: subscriber.initialSync,
    behaviour: subscriber.behaviour,
    lid: subscriber.lid,
    passkey: subscriber.passkey,
    phone: devices.get(subscriber.number)?.state(),
    companions: [...subscriber.companions.values()].map(({ queue: _, ...companion }) => companion),
    nextDevice: subscriber.nextDevice,
    nextKeyIndex: subscriber.nextKeyIndex,
  })
  const ensure = (number: string) => byNumber.get(number) ?? create(number)

  return {
    ensure,
    find: (number) => byNumber.get(number),
    byJid(jid) {
      const parsed = parseJid(jid)
      if (!parsed) return undefined
      const subscriber = parsed.addressing === 'lid' ? byLid.get(parsed.user) : ensure(parsed.user)
      return subscriber && { ...parsed, subscriber }
    },
    all: () => [...byNumber.values()],
    restore: (state) => create(state.number, state),
    state,
    changeNumber(subscriber, to) {
      const kept = state(subscriber)
      byNumber.delete(subscriber.number)
      devices.delete(subscriber.number)
      return create(to, { ...kept, number: to })
    },
    clear() {
      byNumber.clear()
      byLid.clear()
      devices.clear()
    },
  }
}

/** A subscriber's JID in either form, of the user or of one of its devices. */
export const jidOf = (subscriber: Subscriber, addressing: Addressing, device?: number): string =>
  addressing === 'lid' ? lidJid(subscriber.lid, device) : pnJid(subscriber.number, device)
