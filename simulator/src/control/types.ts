import type { LinkedDevice } from '../connection/pairing/link.ts'
import type { Addressing } from '../world/address.ts'
import type { Behaviour, Passkey } from '../world/directory.ts'
import type { Faults } from '../world/faults.ts'
import type { LedgerFilter, LedgerPage } from '../world/ledger.ts'
import type { EndEvent } from '../world/sessions.ts'
import type { SentFromPhone } from '../world/to-session.ts'

export type { FromSession, LedgerEntry, LedgerFilter, LedgerPage, ToSession } from '../world/ledger.ts'
export type { Addressing, Behaviour, EndEvent, Faults, LinkedDevice, Passkey, SentFromPhone }

/** What a client needs to trust this server instead of WhatsApp. */
export interface Trust {
  /** Noise root key: 32 bytes in base64. */
  rootPublicKey: string
  webSocketUrl: string
  /** The certificate of the upload endpoint, which is its own authority. */
  mediaCa: string
}

/** A number with its linked devices. */
export interface Phone {
  number: string
  lid: string
  pushName: string
  initialSync: boolean
  /** Id of the registered passkey, if there is one. */
  passkey?: string
  /** `XXXX-XXXX`, while the phone shows it to be compared. */
  passkeyCode?: string
  devices: PhoneDevice[]
}

export interface PhoneDevice {
  device: number
  platform: string
  connected: boolean
  /** Stanzas it has not acknowledged. */
  queued: number
  /** One-time keys it has left on the server. */
  preKeys: number
}

export interface Contact extends Behaviour {
  number: string
  lid: string
  pushName: string
}

/** A group, as its members are shown it. */
export interface GroupView {
  jid: string
  subject: string
  members: string[]
  addressing: Addressing
}

export interface GroupInput {
  /** Numbers, from 2; accounts among them get what is written. The first one is the owner. */
  members: string[]
  subject?: string | undefined
  /** How the group names its members; default `lid`. */
  addressing?: Addressing | undefined
}

export interface GroupMessageInput {
  /** The number that writes. */
  from: string
  text: string
  /** Message id; default random. */
  id?: string | undefined
}

export interface PhoneInput {
  /** Digits with country code. */
  number: string
  /** Default `Contact NUMBER`. */
  pushName?: string | undefined
  /** Send app state keys and an empty history after linking. Default false. */
  initialSync?: boolean | undefined
  /** Registers a passkey, for which WhatsApp asks when a device is linked; null removes it. */
  passkey?: Passkey | null | undefined
}

export type ContactInput = Partial<Behaviour> & { number: string; pushName?: string | undefined }

/** A message from a simulated phone; `text` is the caption when there is an image. */
export interface MessageInput {
  /** The account's number. */
  to: string
  text?: string | undefined
  /** `data` is base64. */
  image?: { data: string; mimetype?: string | undefined } | undefined
  addressing?: Addressing | undefined
  /** The stanza names the sender by this form only. Default false. */
  alone?: boolean | undefined
  id?: string | undefined
  undecryptable?: boolean | undefined
}

export interface PresenceInput {
  to: string
  state: 'available' | 'unavailable' | 'composing' | 'recording' | 'paused'
}

export interface SessionInfo {
  number: string
  device: number
  /** False between login and the end of the offline delivery. */
  active: boolean
  presence: 'available' | 'unavailable' | null
  /** How often it showed a contact that somebody types. */
  typed: number
  queued: number
  /** Milliseconds since 1970. */
  connectedAt: number
  lastFrameAt: number
}

/** Which sessions an event strikes: all, one account's, or one device's. */
export interface SessionTarget {
  number?: string | undefined
  device?: number | undefined
}

export interface DrainedInput {
  /** Only the queues of this account; default all. */
  number?: string | undefined
  /** Default 30 s. */
  timeoutMs?: number | undefined
}

/** Everything one can do with a simulator; the same in its process and over HTTP. Refused operations reject with `Refusal`. */
export interface SimulatorOperations {
  trust(): Promise<Trust>
  phones: {
    /** Creates a phone, or renames an existing number and makes it a phone. */
    create(input: PhoneInput): Promise<Phone>
    list(): Promise<Phone[]>
    get(number: string): Promise<Phone>
    /** Resolves when the companion has confirmed and was told to restart (515). */
    scan(number: string, qr: string): Promise<LinkedDevice>
    enterCode(number: string, code: string): Promise<LinkedDevice>
    /** Removes a linked device; its session ends with 401, and so does its next login. */
    unlink(number: string, device: number): Promise<void>
  }
  contacts: {
    /** Creates a contact or changes the given settings of an existing number. */
    set(input: ContactInput): Promise<Contact>
    list(): Promise<Contact[]>
    get(number: string): Promise<Contact>
    /** Resolves when the message is in the queue of every linked device. */
    send(number: string, message: MessageInput): Promise<SentFromPhone>
    /** The person takes another number and keeps the LID. Whoever has the old number next has another LID. */
    changeNumber(number: string, to: string): Promise<Contact>
    presence(number: string, input: PresenceInput): Promise<void>
    /** What numbers do that have no settings of their own; existing ones keep theirs. */
    setDefaults(behaviour: Partial<Behaviour>): Promise<Behaviour>
  }
  groups: {
    create(input: GroupInput): Promise<GroupView>
    list(): Promise<GroupView[]>
    /** A member writes; resolves when the message is in the queue of every linked device of the others. */
    send(jid: string, message: GroupMessageInput): Promise<SentFromPhone>
    /** Takes a member out; who is not in a group may neither ask about it nor write to it. */
    remove(jid: string, number: string): Promise<void>
  }
  faults: {
    /** Replaces the faults of everyone, or of one account. */
    set(faults: Faults, number?: string): Promise<Faults>
    get(number?: string): Promise<Faults>
    /** Without a number: of everyone and of every account. */
    clear(number?: string): Promise<void>
  }
  sessions: {
    list(): Promise<SessionInfo[]>
    /** Ends sessions from the server's side; resolves with how many. */
    end(event: EndEvent, target?: SessionTarget): Promise<number>
  }
  ledger: {
    read(filter?: LedgerFilter): Promise<LedgerPage>
    /** Forgets all entries. Wait for drained() first: what is under way can no longer be counted or sent again. */
    clear(): Promise<void>
  }
  /** IP addresses from which clients have connected since the start or the last reset, for the WebSocket or for media. */
  clientAddresses(): Promise<string[]>
  /** Resolves when every queue is empty and nothing is being opened, sealed or delayed; rejects with `timeout`. */
  drained(options?: DrainedInput): Promise<void>
  /** Forgets everything except the trust root; connected clients are cut off. */
  reset(): Promise<void>
}
